package command

import (
	"context"
	"strings"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

// ConfigFile returns the file that --config names, or the default one.
func (g *Globals) ConfigFile(paths config.Paths) string {
	if g.Config != "" {
		return g.Config
	}
	return paths.Config
}

// ConfigPath returns the path of the configuration file.
func ConfigPath(env Env, g *Globals) (string, error) {
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	return g.ConfigFile(paths), err
}

// ReadConfig reads the configuration file. A file that does not exist is empty.
func ReadConfig(env Env, g *Globals) (*config.File, error) {
	path, err := ConfigPath(env, g)
	if err != nil {
		return nil, err
	}
	return config.Read(path)
}

// UpdateConfig changes the configuration file. Other processes that change it at the same time
// wait.
func UpdateConfig(ctx context.Context, env Env, g *Globals, change func(*config.File) error) error {
	path, err := ConfigPath(env, g)
	if err != nil {
		return err
	}
	return config.Update(ctx, path, change)
}

// Settings returns the name of the tenant to use, and its settings.
func (g *Globals) Settings(env Env, paths config.Paths) (string, config.Settings, error) {
	path := g.ConfigFile(paths)
	file, err := config.Read(path)
	if err != nil {
		return "", config.Settings{}, err
	}
	if config.WritableByOthers(path) {
		return "", config.Settings{}, &fault.Error{
			Kind: fault.Usage,
			What: path + " is writable by other users, who could redirect your sign-in",
			Fix:  "check its content, then run `chmod 600 " + ShellQuoted(path) + "`",
		}
	}
	tenant, err := config.Which(file, g.Tenant, env.Getenv)
	if err != nil {
		return "", config.Settings{}, err
	}
	settings, err := g.Load(env, file, tenant)
	if err != nil {
		return "", config.Settings{}, err
	}
	fix := "run `" + g.Command("profilectl init --tenant "+tenant) + "`; to set the tenant up as its administrator, " +
		"run `" + g.Command("profilectl setup plan --tenant "+tenant) + "`"
	if tenant == config.FromEnvironment {
		fix = "set CLIENT_ID or PROFILECTL_CLIENT_ID in the environment"
	}
	return tenant, settings, settings.Need(fix, "authority", "client-id")
}

// Load reads the settings of a tenant. If the file has the tenant, the variables
// of the how-to are ignored, because they describe another one.
func (g *Globals) Load(env Env, file *config.File, tenant string) (config.Settings, error) {
	source := config.Source{
		Table:   config.Client(),
		Section: "tenants." + tenant,
		Flags:   map[string]string{},
		Getenv:  env.Getenv,
		File:    file,
		Fix:     "correct it; `" + g.Command("profilectl config list") + "` shows each setting and its origin",
	}
	if tenant != config.FromEnvironment {
		source.Getenv = OwnVariables(env.Getenv)
	}
	if g.Account != "" {
		source.Flags["account"] = g.Account
	}
	if g.InsecureStorage {
		source.Flags["store"] = "file"
	}
	return config.Load(source)
}

// OwnVariables restricts getenv to the variables of profilectl.
func OwnVariables(getenv func(string) string) func(string) string {
	return func(name string) string {
		if strings.HasPrefix(name, "PROFILECTL_") {
			return getenv(name)
		}
		return ""
	}
}
