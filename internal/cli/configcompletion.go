package cli

import (
	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
)

// tenants completes the configured tenants.
func tenants(env command.Env, g *command.Globals) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		file, err := command.ReadConfig(env, g)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return file.Tenants(), cobra.ShellCompDirectiveNoFileComp
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

// settingValues completes the values of the setting that the first argument names.
func settingValues(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	for _, s := range config.Client() {
		if len(args) != 1 || s.Name != args[0] {
			continue
		}
		if s.Value == "file" {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return s.OneOf, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
