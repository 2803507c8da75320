package profilecmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/profile"
)

// completeFields completes the fields of edit, and the values of those that have a choice.
func completeFields(env command.Env, g *command.Globals, c *cobra.Command) {
	const unfinished = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	command.Complete(c, "set", func(_ *cobra.Command, _ []string, typed string) (
		[]cobra.Completion, cobra.ShellCompDirective,
	) {
		fields := knownFields(env, g)
		if name, _, ok := strings.Cut(typed, "="); ok {
			f, _ := fields.Lookup(name)
			return fieldValues(name+"=", f), cobra.ShellCompDirectiveNoFileComp
		}
		var names []cobra.Completion
		for _, f := range fields.Fields() {
			if !f.ReadOnly {
				names = append(names, cobra.CompletionWithDesc(f.Short()+"=", f.Label))
			}
		}
		return names, unfinished
	})
	command.Complete(c, "unset", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, f := range knownFields(env, g).Fields() {
			if !f.Keep && !f.ReadOnly {
				names = append(names, cobra.CompletionWithDesc(f.Short(), f.Label))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// fieldValues completes the values of a field that has a choice.
func fieldValues(prefix string, f profile.Field) []cobra.Completion {
	if f.Kind == profile.Boolean {
		return []cobra.Completion{prefix + "true", prefix + "false"}
	}
	var values []cobra.Completion
	for _, v := range f.Values {
		values = append(values, cobra.CompletionWithDesc(prefix+v.Value, v.Label))
	}
	return values
}

// knownFields returns the fields of the last known schema, without network access.
func knownFields(env command.Env, g *command.Globals) profile.Schema {
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	if err != nil {
		return profile.BuiltIn()
	}
	tenant, settings, err := g.Settings(env, paths)
	if err != nil {
		return profile.BuiltIn()
	}
	return schemaCache(paths.State, tenant, settings).Read().Fields
}
