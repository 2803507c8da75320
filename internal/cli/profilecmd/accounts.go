package profilecmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
)

// NewAccounts returns the command accounts.
func NewAccounts(env command.Env, g *command.Globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "accounts",
		Short: "List the signed-in accounts, or switch between them",
		Args:  cobra.NoArgs,
		Example: `  profilectl accounts
  profilectl accounts switch ada@contoso.com`,
		RunE: func(c *cobra.Command, _ []string) error { return runAccounts(c.Context(), env, g) },
	}
	c.AddCommand(&cobra.Command{
		Use:               "switch ACCOUNT",
		Short:             "Choose the account that commands use",
		Args:              cobra.ExactArgs(1),
		Example:           "  profilectl accounts switch ada@contoso.com",
		ValidArgsFunction: session.CompleteAccounts(env, g),
		RunE: func(c *cobra.Command, args []string) error {
			return runSwitch(c.Context(), env, g, args[0])
		},
	})
	return c
}

// accountReport is one account, as scripts read it.
type accountReport struct {
	Account string `json:"account"`
	ID      string `json:"id"`
	Active  bool   `json:"active"`
}

func runAccounts(ctx context.Context, env command.Env, g *command.Globals) error {
	var known []auth.Account
	var active auth.Account
	s, err := session.Open(ctx, env, g, session.Options{Discovery: session.DiscoverNever})
	if err == nil {
		active, _ = s.Account(ctx) // fails if none is active
		known, err = s.Auth.Accounts(ctx)
	}
	if err != nil && !errors.Is(err, session.ErrNotDiscovered) {
		return err
	}
	reports := []accountReport{}
	table := output.Table{Columns: []string{"ACCOUNT", "ACTIVE"}, Whole: []string{"ACCOUNT"}}
	names := session.ChosenBy(known)
	for i, a := range known {
		reports = append(reports, accountReport{Account: a.Username, ID: a.ID, Active: a == active})
		mark := ""
		if a == active {
			mark = "active"
		}
		table.Rows = append(table.Rows, []string{nameInList(a, names[i]), mark})
	}
	return s.Printer.Print(reports, table)
}

func runSwitch(ctx context.Context, env command.Env, g *command.Globals, name string) error {
	s, err := session.Open(ctx, env, g, session.Options{Discovery: session.DiscoverNever})
	if err != nil {
		return err
	}
	known, err := s.Auth.Accounts(ctx)
	if err != nil {
		return err
	}
	if a, ok := session.FindAccount(known, name); ok {
		if err := s.Activate(ctx, a); err != nil {
			return err
		}
		s.Say("Commands now use the account %s.", a.Username)
		return nil
	}
	fix := "sign in with `" + s.Command("profilectl login --login-hint ADDRESS") + "`"
	if len(known) > 0 {
		fix += ", or switch to one of " + session.Choices(known)
	}
	return &fault.Error{Kind: fault.SignIn, What: session.NotChosen(known, name), Fix: fix}
}

// nameInList returns the name of an account, with its ID if that is what chooses it.
func nameInList(a auth.Account, chosenBy string) string {
	if chosenBy == a.Username {
		return a.Username
	}
	return a.Username + " (" + chosenBy + ")"
}
