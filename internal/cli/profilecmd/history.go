package profilecmd

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
)

// NewHistory returns the command history.
func NewHistory(env command.Env, g *command.Globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "history",
		Short: "List the edits made from this machine",
		Args:  cobra.NoArgs,
		Long: `List the account's edits, with the values before and after. "profilectl edit
--undo" undoes the last one.

The history is a file in the state directory that only you can read. "profilectl
logout" deletes the account's edits, and "profilectl config set history false"
stops recording.`,
		Example: `  profilectl history
  profilectl history -o json --jq '.[0].changes'
  profilectl history clear`,
		RunE: func(c *cobra.Command, _ []string) error { return runHistory(c.Context(), env, g) },
	}
	c.AddCommand(&cobra.Command{
		Use:     "clear",
		Short:   "Delete the account's edits from the history",
		Args:    cobra.NoArgs,
		Example: "  profilectl history clear",
		RunE:    func(c *cobra.Command, _ []string) error { return runHistoryClear(c.Context(), env, g) },
	})
	return c
}

func runHistory(ctx context.Context, env command.Env, g *command.Globals) error {
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{Discovery: session.DiscoverNever})
	if err != nil {
		return err
	}
	all, err := editsOf(s).Entries()
	if err != nil {
		return historyFault(err)
	}
	entries := []history.Entry{} // the newest first
	table := output.Table{Columns: []string{"WHEN", "FIELD", "BEFORE", "AFTER"}}
	for _, entry := range slices.Backward(all) {
		if entry.Account != account.ID {
			continue
		}
		entries = append(entries, entry)
		when := entry.Time.Local().Format(time.DateTime)
		for _, d := range entry.Changes {
			row := []string{when, profile.Short(d.Field), valueText(d.Before), valueText(d.After)}
			table.Rows = append(table.Rows, row)
		}
	}
	if len(entries) == 0 && s.Printer.Plain() {
		s.Say("The history is empty.")
		return nil
	}
	return command.PrintPaged(env, g, s.Printer, entries, table)
}

func runHistoryClear(ctx context.Context, env command.Env, g *command.Globals) error {
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{Discovery: session.DiscoverNever})
	if err != nil {
		return err
	}
	if err := editsOf(s).Forget(ctx, account.ID); err != nil {
		return historyFault(err)
	}
	s.Say("Deleted the history of %s.", account.Username)
	return nil
}

func historyFault(err error) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "cannot use the history of edits",
		Fix:  "make the state directory and its files writable, or set PROFILECTL_STATE_DIR to another directory",
		Err:  err,
	}
}

// editsOf returns the history of the edits that were made from this machine.
func editsOf(s *session.Session) history.Log { return history.In(s.Paths.State) }
