package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/output"
)

func newConfig(env Env, g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Show and change the settings", Args: cobra.NoArgs,
		Example: `  profilectl config set --tenant contoso authority contoso
  profilectl config set --tenant contoso client-id 11111111-2222-3333-4444-555555555555
  profilectl config use contoso
  profilectl config list
  profilectl config get edit-scope
  profilectl config path`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	sub := func(use, short string, args cobra.PositionalArgs, words completer, run func(context.Context, []string) error) {
		c.AddCommand(&cobra.Command{Use: use, Short: short, Args: args, ValidArgsFunction: words, RunE: func(c *cobra.Command, a []string) error { return run(c.Context(), a) }})
	}
	sub("list", "Every setting with its value and where it comes from", cobra.NoArgs, nil, func(context.Context, []string) error { return configList(env, g) })
	sub("get SETTING", "The value of one setting", cobra.ExactArgs(1), settingNames(), func(_ context.Context, a []string) error { return configGet(env, g, a[0]) })
	sub("set SETTING VALUE", "Change a setting of a tenant", cobra.ExactArgs(2), settingNames(), func(_ context.Context, a []string) error { return configSet(env, g, a[0], a[1]) })
	sub("use TENANT", "Choose the tenant to use when none is named", cobra.ExactArgs(1), tenants(env, g), func(_ context.Context, a []string) error {
		return updateConfig(env, g, func(f *config.File) error { return f.Use(a[0]) })
	})
	sub("path", "Where the configuration file is", cobra.NoArgs, nil, func(context.Context, []string) error {
		path, err := configPath(env, g)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.Stdout, path)
		return err
	})
	return c
}

func configPath(env Env, g *globals) (string, error) {
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	return g.configFile(paths), err
}

func updateConfig(env Env, g *globals, change func(*config.File) error) error {
	path, err := configPath(env, g)
	if err != nil {
		return err
	}
	return config.Update(path, change)
}

// loadTenant returns the settings as far as they go: what is missing is no
// fault where they are only looked at.
func loadTenant(env Env, g *globals) (config.Settings, error) {
	path, err := configPath(env, g)
	if err != nil {
		return config.Settings{}, err
	}
	file, err := config.Read(path)
	if err != nil {
		return config.Settings{}, err
	}
	tenant, err := config.Which(file, g.Tenant, env.Getenv)
	if err != nil {
		return config.Settings{}, err
	}
	return g.load(env, file, tenant)
}

func configList(env Env, g *globals) error {
	settings, err := loadTenant(env, g)
	if err != nil {
		return err
	}
	printer, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	table := output.Table{Columns: []string{"SETTING", "VALUE", "ORIGIN"}}
	for _, s := range settings.All() {
		table.Rows = append(table.Rows, []string{s.Name, s.Value, s.Origin})
	}
	return printer.Print(settings.All(), table)
}

func configGet(env Env, g *globals, name string) error {
	settings, err := loadTenant(env, g)
	if err != nil {
		return err
	}
	var names []string
	for _, s := range settings.All() {
		if s.Name == name {
			_, err := fmt.Fprintln(env.Stdout, s.Value)
			return err
		}
		names = append(names, s.Name)
	}
	fix := "`profilectl config list` shows the settings"
	if near := nearest.To(name, names); near != "" {
		fix = "did you mean " + near + "?"
	}
	return &fault.Error{Kind: fault.Usage, What: "there is no setting called " + quote(name), Fix: fix}
}

// configSet changes the tenant that is named, or the current one. A new name
// makes a new tenant.
func configSet(env Env, g *globals, name, value string) error {
	return updateConfig(env, g, func(f *config.File) error {
		tenant := g.Tenant
		if tenant == "" {
			var err error
			if tenant, err = config.Which(f, "", ours(env.Getenv)); err != nil {
				return err
			}
		}
		if config.FitName(tenant) != tenant || tenant == config.FromEnvironment {
			return &fault.Error{Kind: fault.Usage, What: quote(tenant) + " cannot be the name of a tenant", Fix: "use lower-case letters, digits and hyphens"}
		}
		return f.Set("tenants."+tenant, name, value)
	})
}
