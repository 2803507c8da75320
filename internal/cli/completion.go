package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/explain"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/sandbox"
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

// completeKinds completes the flags of all commands whose help names a kind of value that
// has a set, such as `context` or `file`, unless they have a completion already.
func completeKinds(c *cobra.Command) {
	kinds := map[string]cobra.CompletionFunc{
		"file":       files,
		"directory":  directories,
		"context":    oneOfThese(authContexts()...),
		"credential": oneOfThese(credentialSecret, credentialCertificate, credentialFederated),
		"permission": oneOfThese("User.Read", "User.ReadWrite"),
		"roles":      completeList(sandbox.Config{}.KnownAdminRoles),
		"version":    oneOfThese("1", "2"),
	}
	register := func(f *pflag.Flag) {
		kind, _ := pflag.UnquoteUsage(f)
		values, ok := kinds[kind]
		if _, completed := c.GetFlagCompletionFunc(f.Name); ok && !completed {
			complete(c, f.Name, values)
		}
	}
	c.Flags().VisitAll(register)
	c.PersistentFlags().VisitAll(register)
	for _, sub := range c.Commands() {
		completeKinds(sub)
	}
}

// files completes the names of files.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// directories completes the names of directories.
func directories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// authContexts returns the ids of all authentication contexts that a tenant can have.
func authContexts() (ids []string) {
	const most = 99
	for i := range most {
		ids = append(ids, "c"+strconv.Itoa(i+1))
	}
	return ids
}

// optionalClaims completes the optional claims of tokens.
func optionalClaims() cobra.CompletionFunc {
	return oneOfThese(sandbox.Config{}.KnownOptionalClaims()...)
}

// inOrder completes each argument with a function of its own, and further ones with the
// last function.
func inOrder(arguments ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return arguments[min(len(args), len(arguments)-1)](c, args, typed)
	}
}

// completeFields completes the fields of edit, and the values of those that have a choice.
func completeFields(env Env, g *globals, c *cobra.Command) {
	const unfinished = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	complete(c, "set", func(_ *cobra.Command, _ []string, typed string) (
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
	complete(c, "unset", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
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
func knownFields(env Env, g *globals) profile.Schema {
	paths, err := config.LocatePaths(env.GOOS, env.Getenv)
	if err != nil {
		return profile.BuiltIn()
	}
	tenant, settings, err := g.settings(env, paths)
	if err != nil {
		return profile.BuiltIn()
	}
	return schemaCache(paths.State, tenant, settings).Read().Fields
}

// completeList completes the last value of a comma-separated list.
func completeList(values func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var completions []cobra.Completion
		for _, v := range values() {
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

// codes completes the error codes that explain knows.
func codes() (all []cobra.Completion) {
	for _, e := range explain.All() {
		all = append(all, e.Code)
	}
	return all
}

// checkIDs completes the ids of the checks of doctor.
func checkIDs(env Env, g *globals, o *doctorOptions) func() []string {
	return func() (ids []string) {
		s, err := newExamined(env, g)
		if err != nil {
			return nil
		}
		for _, check := range s.checks(context.Background(), *o) {
			ids = append(ids, check.ID)
		}
		return ids
	}
}
