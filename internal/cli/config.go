package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/upstream"
)

func newConfig(env command.Env, g *command.Globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show and change the settings",
		Args:  cobra.NoArgs,
		Example: `  profilectl config set --tenant contoso authority contoso
  profilectl config set --tenant contoso \
    client-id 11111111-2222-3333-4444-555555555555
  profilectl config use contoso
  profilectl config list
  profilectl config get edit-scope
  profilectl config unset --tenant contoso mid-tier
  profilectl config tenants
  profilectl config delete contoso
  profilectl config path`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(settingCommands(env, g)...)
	c.AddCommand(tenantCommands(env, g)...)
	return c
}

// settingCommands returns the commands that show and change single settings.
func settingCommands(env command.Env, g *command.Globals) []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "list",
			Short: "List every setting with its value and origin",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return configList(env, g) },
		},
		{
			Use:               "get SETTING",
			Short:             "Print the value of a setting",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: settingNames(),
			RunE:              func(_ *cobra.Command, args []string) error { return configGet(env, g, args[0]) },
		},
		{
			Use:               "set SETTING VALUE",
			Short:             "Change a setting of a tenant",
			Args:              cobra.ExactArgs(2),
			ValidArgsFunction: command.InOrder(settingNames(), settingValues),
			RunE: func(c *cobra.Command, args []string) error {
				return configSet(c.Context(), env, g, args[0], args[1])
			},
		},
		{
			Use:               "unset SETTING",
			Short:             "Remove a setting of a tenant; its default applies again",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: settingNames(),
			RunE: func(c *cobra.Command, args []string) error {
				return configUnset(c.Context(), env, g, args[0])
			},
		},
		{
			Use:   "path",
			Short: "Print the path of the configuration file",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return configPathPrint(env, g) },
		},
	}
}

// tenantCommands returns the commands that manage the configured tenants.
func tenantCommands(env command.Env, g *command.Globals) []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "tenants",
			Short: "List the configured tenants",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return configTenants(env, g) },
		},
		{
			Use:               "use TENANT",
			Short:             "Set the default tenant",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: tenants(env, g),
			RunE: func(c *cobra.Command, args []string) error {
				return command.UpdateConfig(c.Context(), env, g, func(f *config.File) error { return f.Use(args[0]) })
			},
		},
		{
			Use:               "delete TENANT",
			Short:             "Remove a tenant from the configuration",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: tenants(env, g),
			RunE: func(c *cobra.Command, args []string) error {
				return configDelete(c.Context(), env, g, args[0])
			},
		},
	}
}

func configPathPrint(env command.Env, g *command.Globals) error {
	path, err := command.ConfigPath(env, g)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, path)
	return err
}

// loadTenant returns the settings of the tenant. Missing settings are not a
// fault, because the settings are only shown.
func loadTenant(env command.Env, g *command.Globals) (config.Settings, error) {
	file, err := command.ReadConfig(env, g)
	if err != nil {
		return config.Settings{}, err
	}
	tenant, err := config.Which(file, g.Tenant, env.Getenv)
	if err != nil {
		return config.Settings{}, err
	}
	return g.Load(env, file, tenant)
}

func configList(env command.Env, g *command.Globals) error {
	settings, err := loadTenant(env, g)
	if err != nil {
		return err
	}
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	table := output.Table{Columns: []string{"SETTING", "VALUE", "ORIGIN"}, Whole: []string{"VALUE"}}
	for _, s := range settings.All() {
		table.Rows = append(table.Rows, []string{s.Name, s.Value, s.Origin})
	}
	return command.PrintPaged(env, g, printer, settings.All(), table)
}

func configGet(env command.Env, g *command.Globals, name string) error {
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
	return config.Unknown(name, names)
}

// configSet changes the tenant that --tenant names, or the current one. A new
// name adds a tenant.
func configSet(ctx context.Context, env command.Env, g *command.Globals, name, value string) error {
	if err := checkSetting(name, value); err != nil {
		return err
	}
	return command.UpdateConfig(ctx, env, g, func(f *config.File) error {
		tenant, err := configuredTenant(env, g, f)
		if err != nil {
			return err
		}
		if err := checkTenantName(tenant); err != nil {
			return err
		}
		return f.Set("tenants."+tenant, name, value)
	})
}

// checkTenantName checks the name of a tenant that is to be added.
func checkTenantName(name string) error {
	if config.ValidTenantName(name) {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "invalid tenant name " + command.Quote(name),
		Fix:  "use " + config.TenantNameRule,
	}
}

// checkSetting checks what the table of settings cannot: the form of an authority
// and the content of a CA file.
func checkSetting(name, value string) error {
	var err error
	switch name {
	case "authority":
		_, err = authority.Parse(value)
	case "ca-file":
		_, err = upstream.Roots(value)
	}
	return err
}

func configUnset(ctx context.Context, env command.Env, g *command.Globals, name string) error {
	return command.UpdateConfig(ctx, env, g, func(f *config.File) error {
		tenant, err := configuredTenant(env, g, f)
		if err == nil && !slices.Contains(f.Tenants(), tenant) {
			_, err = config.Which(f, tenant, env.Getenv) // words the fault
		}
		if err != nil {
			return err
		}
		_, err = f.Unset("tenants."+tenant, name)
		return err
	})
}

// configDelete removes a tenant. While an account is signed in, its tokens would
// stay in the store without a name that leads to them.
func configDelete(ctx context.Context, env command.Env, g *command.Globals, tenant string) error {
	return command.UpdateConfig(ctx, env, g, func(f *config.File) error {
		if account, ok := f.Value("tenants."+tenant, "account"); ok && account != "" {
			return &fault.Error{
				Kind: fault.Conflict,
				What: command.Quote(account) + " is signed in to " + tenant,
				Fix:  "run `profilectl logout --all --tenant " + tenant + "`, then this command again",
			}
		}
		return f.Delete(tenant)
	})
}

// tenantReport is one configured tenant, as scripts read it.
type tenantReport struct {
	Tenant    string `json:"tenant"`
	Authority string `json:"authority"`
	Account   string `json:"account"`
	Current   bool   `json:"current"`
}

func configTenants(env command.Env, g *command.Globals) error {
	file, err := command.ReadConfig(env, g)
	if err != nil {
		return err
	}
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	reports := []tenantReport{}
	table := output.Table{
		Columns: []string{"TENANT", "AUTHORITY", "ACCOUNT", "CURRENT"},
		Whole:   []string{"TENANT", "AUTHORITY", "ACCOUNT"},
	}
	for _, name := range file.Tenants() {
		r := tenantReport{Tenant: name, Current: name == file.Current()}
		r.Authority, _ = file.Value("tenants."+name, "authority")
		r.Account, _ = file.Value("tenants."+name, "account")
		mark := ""
		if r.Current {
			mark = "current"
		}
		reports = append(reports, r)
		table.Rows = append(table.Rows, []string{r.Tenant, r.Authority, r.Account, mark})
	}
	return printer.Print(reports, table)
}

// configuredTenant returns the tenant of the file that --tenant names, or the
// current one.
func configuredTenant(env command.Env, g *command.Globals, f *config.File) (string, error) {
	if g.Tenant != "" {
		return g.Tenant, nil
	}
	return config.Which(f, "", command.OwnVariables(env.Getenv))
}
