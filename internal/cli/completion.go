package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/profile"
)

// oneOfThese completes fixed values.
func oneOfThese(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// complete attaches completions to a flag of the command.
func complete(c *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err) // the command has no such flag: a bug
	}
}

// completeFields completes the names of fields for edit.
func completeFields(c *cobra.Command) {
	var set, unset []cobra.Completion
	for _, f := range profile.Fields() {
		set = append(set, cobra.CompletionWithDesc(f.Name+"=", f.Label))
		if !f.Keep {
			unset = append(unset, cobra.CompletionWithDesc(f.Name, f.Label))
		}
	}
	const unfinished = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	complete(c, "set", cobra.FixedCompletions(set, unfinished))
	complete(c, "unset", cobra.FixedCompletions(unset, cobra.ShellCompDirectiveNoFileComp))
}

// completeList completes the last value of a comma-separated list.
func completeList(values []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var completions []cobra.Completion
		for _, v := range values {
			completions = append(completions, before+v)
		}
		return completions, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// tenants completes the configured tenants.
func tenants(env Env, g *globals) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		path, err := configPath(env, g)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		file, err := config.Read(path)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return file.Tenants(), cobra.ShellCompDirectiveNoFileComp
	}
}

// accounts completes the signed-in accounts, without network access and without
// the keyring.
func accounts(env Env, g *globals) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		paths, err := config.LocatePaths(env.GOOS, env.Getenv)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		tenant, settings, err := g.settings(env, paths)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return newAccountList(paths.State, tenant, settings).names(), cobra.ShellCompDirectiveNoFileComp
	}
}

// settingNames completes the settings of a tenant as the first argument.
func settingNames() cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, s := range config.Client() {
			if len(args) == 0 && !s.Secret {
				names = append(names, cobra.CompletionWithDesc(s.Name, s.Help))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
