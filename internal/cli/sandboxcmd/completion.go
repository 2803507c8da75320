package sandboxcmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// users completes the accounts of the running sandbox.
func (m manager) users() cobra.CompletionFunc {
	return m.values(func(ctx context.Context, c *control.Client) (all []cobra.Completion, err error) {
		users, err := c.Users(ctx)
		for _, u := range users {
			all = append(all, cobra.CompletionWithDesc(u.Email, u.Name))
		}
		return all, err
	})
}

// apps completes the client ids of the running sandbox.
func (m manager) apps() cobra.CompletionFunc {
	return m.values(func(ctx context.Context, c *control.Client) (all []cobra.Completion, err error) {
		apps, err := c.Apps(ctx)
		for _, a := range apps {
			all = append(all, cobra.CompletionWithDesc(a.ID, a.Name))
		}
		return all, err
	})
}

// policies completes the ids of the policies of the running sandbox.
func (m manager) policies() cobra.CompletionFunc {
	return m.values(func(ctx context.Context, c *control.Client) (all []cobra.Completion, err error) {
		policies, err := c.Policies(ctx)
		for _, p := range policies {
			all = append(all, cobra.CompletionWithDesc(p.ID, p.Name))
		}
		return all, err
	})
}

// attributes completes the names of the custom attributes of the running sandbox.
func (m manager) attributes() cobra.CompletionFunc {
	return m.values(func(ctx context.Context, c *control.Client) (all []cobra.Completion, err error) {
		attributes, err := c.Attributes(ctx)
		for _, a := range attributes {
			all = append(all, cobra.CompletionWithDesc(a.Name, a.Label))
		}
		return all, err
	})
}

// values completes with what a running sandbox has. Without one, there is nothing
// to complete.
func (m manager) values(
	list func(context.Context, *control.Client) ([]cobra.Completion, error),
) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		client, err := connect(m.env, m.g, *m.dir)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found, err := list(c.Context(), client)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// optionalClaims completes the optional claims of tokens.
func optionalClaims() cobra.CompletionFunc {
	return command.OneOf(sandbox.Config{}.KnownOptionalClaims()...)
}
