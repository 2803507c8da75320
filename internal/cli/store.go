package cli

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// openStore makes the token store that the settings name.
func (s *session) openStore() (*tokenstore.Store, error) {
	c := s.storeConfig()
	switch s.settings.Text("store") {
	case "memory":
		return tokenstore.Memory(), nil
	case "file":
		return tokenstore.NewFile(c)
	}
	return tokenstore.New(c)
}

func (s *session) storeConfig() tokenstore.Config {
	return tokenstore.Config{
		Service:  tokenstore.Service(s.authority.URL, s.settings.Text("client-id"), s.tenant),
		StateDir: filepath.Join(s.paths.State, "tokens"), Ring: s.env.Keyring, Wait: s.env.keyringWait(s.globals.Timeout), LockWait: s.globals.Timeout,
		Waiting: func() { s.say("Waiting for the keyring to be unlocked.") },
	}
}

// plainFile is where the tokens are, or would be, without a keyring.
func (s *session) plainFile() string {
	c := s.storeConfig()
	return tokenstore.FilePath(c.StateDir, c.Service)
}

// dropPlainFile removes tokens that an earlier sign-in left in a plain file, now
// that they are kept elsewhere.
func (s *session) dropPlainFile() error {
	if s.store.Kind() == "file" {
		return nil
	}
	path := s.plainFile()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return stateFault(path, err)
	}
	return nil
}

// configFile is the file named by --config, or the one in its usual place.
func (g *globals) configFile(paths config.Paths) string {
	if g.Config != "" {
		return g.Config
	}
	return paths.Config
}

// settings returns the tenant to use and its settings.
func (g *globals) settings(env Env, paths config.Paths) (string, config.Settings, error) {
	file, err := config.Read(g.configFile(paths))
	if err != nil {
		return "", config.Settings{}, err
	}
	if config.Writable(g.configFile(paths)) {
		return "", config.Settings{}, &fault.Error{
			Kind: fault.Usage, What: "others than you can change " + g.configFile(paths) + ", and so where you sign in",
			Fix: "run `chmod 600 " + g.configFile(paths) + "` after looking at what it says",
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
	return tenant, settings, settings.Need("run `profilectl config set --tenant "+config.FitName(tenant)+" authority SUBDOMAIN`, and the same for client-id", "authority", "client-id")
}

// load reads the tenant's settings. Where the file has the tenant, the how-to's
// variables are passed over: they describe another one.
func (g *globals) load(env Env, file *config.File, tenant string) (config.Settings, error) {
	source := config.Source{
		Table: config.Client(), Section: "tenants." + tenant, Flags: map[string]string{}, Getenv: env.Getenv, File: file,
		Fix: "correct it where it comes from; `profilectl config list` shows every setting with its origin",
	}
	if tenant != config.FromEnvironment {
		source.Getenv = ours(env.Getenv)
	}
	if g.Account != "" {
		source.Flags["account"] = g.Account
	}
	if g.InsecureStorage {
		source.Flags["store"] = "file"
	}
	return config.Load(source)
}

// ours sees only profilectl's own variables.
func ours(getenv func(string) string) func(string) string {
	return func(name string) string {
		if strings.HasPrefix(name, "PROFILECTL_") {
			return getenv(name)
		}
		return ""
	}
}

// endBrowserSession opens the tenant's sign-out page.
func (s *session) endBrowserSession(ctx context.Context) error {
	if s.authority.EndSessionEndpoint == "" {
		return &fault.Error{Kind: fault.Denied, What: "the tenant has no sign-out page", Fix: "close the browser to end its session"}
	}
	if s.globals.NoInput {
		return s.needsPerson(fault.SignIn, "ending the browser's session needs a browser", "profilectl logout --browser")
	}
	page, err := url.Parse(s.authority.EndSessionEndpoint)
	if err != nil {
		return err
	}
	return s.show(ctx, page.String())
}
