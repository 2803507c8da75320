package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/profile"
)

// completer proposes values for what is being typed.
type completer = cobra.CompletionFunc

// oneOfThese proposes fixed values.
func oneOfThese(values ...string) completer {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// complete attaches proposals to a flag that the command has.
func complete(c *cobra.Command, flag string, values completer) {
	if err := c.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err) // the flag is missing: a slip in this program
	}
}

// completeFields proposes fields where an edit names them.
func completeFields(c *cobra.Command) {
	var set, unset []cobra.Completion
	for _, f := range profile.Fields() {
		set = append(set, cobra.CompletionWithDesc(f.Name+"=", f.Label))
		if !f.Keep {
			unset = append(unset, cobra.CompletionWithDesc(f.Name, f.Label))
		}
	}
	complete(c, "set", cobra.FixedCompletions(set, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	complete(c, "unset", cobra.FixedCompletions(unset, cobra.ShellCompDirectiveNoFileComp))
}

// completeList proposes values of a comma-separated list.
func completeList(values []string) completer {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		done := typed[:strings.LastIndex(typed, ",")+1]
		var proposals []cobra.Completion
		for _, v := range values {
			proposals = append(proposals, done+v)
		}
		return proposals, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// tenants proposes the configured tenants.
func tenants(env Env, g *globals) completer {
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

// accounts proposes the signed-in accounts. It uses no network and asks nothing.
func accounts(env Env, g *globals) completer {
	return func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothingElse = cobra.ShellCompDirectiveNoFileComp
		s, err := openSession(c.Context(), env, g, sessionOptions{Discovery: discoverNever})
		if err != nil || len(args) > 0 {
			return nil, nothingElse
		}
		s.progress.quiet = true
		known, err := s.auth.Accounts(c.Context())
		if err != nil {
			return nil, nothingElse
		}
		var names []cobra.Completion
		for _, a := range known {
			names = append(names, a.Username)
		}
		return names, nothingElse
	}
}

// settingNames proposes the settings of a tenant, and once one is named nothing.
func settingNames() completer {
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
