package cli

import (
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/setupcmd"
	"github.com/profilectl/profilectl/sandbox"
)

// completeKinds completes the flags of all commands whose help names a kind of value that
// has a set, such as `context` or `file`, unless they have a completion already.
func completeKinds(c *cobra.Command) {
	kinds := map[string]cobra.CompletionFunc{
		"file":       command.Files,
		"directory":  command.Directories,
		"context":    command.OneOf(authContexts()...),
		"credential": command.OneOf(setupcmd.CredentialKinds()...),
		"permission": command.OneOf("User.Read", "User.ReadWrite"),
		"roles":      command.ListOf(sandbox.Config{}.KnownAdminRoles),
		"version":    command.OneOf("1", "2"),
	}
	register := func(f *pflag.Flag) {
		kind, _ := pflag.UnquoteUsage(f)
		values, ok := kinds[kind]
		if _, completed := c.GetFlagCompletionFunc(f.Name); ok && !completed {
			command.Complete(c, f.Name, values)
		}
	}
	c.Flags().VisitAll(register)
	c.PersistentFlags().VisitAll(register)
	for _, sub := range c.Commands() {
		completeKinds(sub)
	}
}

// authContexts returns the ids of all authentication contexts that a tenant can have.
func authContexts() (ids []string) {
	const most = 99
	for i := range most {
		ids = append(ids, "c"+strconv.Itoa(i+1))
	}
	return ids
}
