package cli

import (
	"context"
	"strings"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

// configFile returns the file that --config names, or the default one.
func (g *globals) configFile(paths config.Paths) string {
	if g.Config != "" {
		return g.Config
	}
	return paths.Config
}

// configPath returns the path of the configuration file.
func configPath(env Env, g *globals) (string, error) {
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	return g.configFile(paths), err
}

// updateConfig changes the configuration file. Other processes that change it at the same time
// wait.
func updateConfig(ctx context.Context, env Env, g *globals, change func(*config.File) error) error {
	path, err := configPath(env, g)
	if err != nil {
		return err
	}
	return config.Update(ctx, path, change)
}

// settings returns the name of the tenant to use, and its settings.
func (g *globals) settings(env Env, paths config.Paths) (string, config.Settings, error) {
	path := g.configFile(paths)
	file, err := config.Read(path)
	if err != nil {
		return "", config.Settings{}, err
	}
	if config.WritableByOthers(path) {
		return "", config.Settings{}, &fault.Error{
			Kind: fault.Usage,
			What: path + " is writable by other users, who could redirect your sign-in",
			Fix:  "check its content, then run `chmod 600 " + shellQuoted(path) + "`",
		}
	}
	tenant, err := config.Which(file, g.Tenant, env.Getenv)
	if err != nil {
		return "", config.Settings{}, err
	}
	settings, err := g.load(env, file, tenant)
	if err != nil {
		return "", config.Settings{}, err
	}
	fix := "run `" + g.command("profilectl init --tenant "+tenant) + "`; to set the tenant up as its administrator, " +
		"run `" + g.command("profilectl setup plan --tenant "+tenant) + "`"
	if tenant == config.FromEnvironment {
		fix = "set CLIENT_ID or PROFILECTL_CLIENT_ID in the environment"
	}
	return tenant, settings, settings.Need(fix, "authority", "client-id")
}

// load reads the settings of a tenant. If the file has the tenant, the variables
// of the how-to are ignored, because they describe another one.
func (g *globals) load(env Env, file *config.File, tenant string) (config.Settings, error) {
	source := config.Source{
		Table:   config.Client(),
		Section: "tenants." + tenant,
		Flags:   map[string]string{},
		Getenv:  env.Getenv,
		File:    file,
		Fix:     "correct it; `" + g.command("profilectl config list") + "` shows each setting and its origin",
	}
	if tenant != config.FromEnvironment {
		source.Getenv = ownVariables(env.Getenv)
	}
	if g.Account != "" {
		source.Flags["account"] = g.Account
	}
	if g.InsecureStorage {
		source.Flags["store"] = "file"
	}
	return config.Load(source)
}

// ownVariables restricts getenv to the variables of profilectl.
func ownVariables(getenv func(string) string) func(string) string {
	return func(name string) string {
		if strings.HasPrefix(name, "PROFILECTL_") {
			return getenv(name)
		}
		return ""
	}
}
