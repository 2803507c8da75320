package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
)

func newHistory(env Env, g *globals) *cobra.Command {
	c := &cobra.Command{
		Use: "history", Short: "List the edits made from here; `edit --undo` takes the last one back", Args: cobra.NoArgs,
		Long: `List the last edits of the account that were made from this machine, with the
values before and after. They are in the state folder, for your eyes alone; logout
forgets them, and ` + "`profilectl config set history false`" + ` keeps none.`,
		Example: `  profilectl history
  profilectl history -o json --jq '.[0].changes'
  profilectl history clear`,
		RunE: func(c *cobra.Command, _ []string) error { return runHistory(c.Context(), env, g) },
	}
	c.AddCommand(&cobra.Command{
		Use: "clear", Short: "Forget the edits of the account", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runHistoryClear(c.Context(), env, g) },
	})
	return c
}

func runHistory(ctx context.Context, env Env, g *globals) error {
	s, who, err := openAccount(ctx, env, g, sessionOptions{Discovery: discoverNever})
	if err != nil {
		return err
	}
	all, err := s.history().Entries()
	if err != nil {
		return unreadable(err)
	}
	entries := []history.Entry{} // the newest first
	table := output.Table{Columns: []string{"WHEN", "FIELD", "BEFORE", "AFTER"}}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Account != who.ID {
			continue
		}
		entries = append(entries, all[i])
		for _, d := range all[i].Changes {
			table.Rows = append(table.Rows, []string{all[i].Time.Local().Format(time.DateTime), d.Field, shown(d.Before), shown(d.After)})
		}
	}
	if len(entries) == 0 && s.printer.Plain() {
		s.say("No edit is remembered.")
		return nil
	}
	return s.printer.Print(entries, table)
}

func runHistoryClear(ctx context.Context, env Env, g *globals) error {
	s, who, err := openAccount(ctx, env, g, sessionOptions{Discovery: discoverNever})
	if err != nil {
		return err
	}
	if err := s.history().Forget(ctx, who.ID); err != nil {
		return unreadable(err)
	}
	s.say("Forgotten.")
	return nil
}

func unreadable(err error) error {
	return &fault.Error{Kind: fault.Usage, What: "the history of edits cannot be used", Fix: "make the state folder and its files writable for you, or name another one in XDG_STATE_HOME", Err: err}
}

func (s *session) history() history.Log { return history.In(s.paths.State) }

// remember notes an edit that was accepted. It stands in nobody's way: what
// cannot be remembered is said, and the edit is done.
func (e *edit) remember(ctx context.Context, changes []profile.Difference) {
	if !e.settings.Bool("history") {
		return
	}
	err := e.history().Add(context.WithoutCancel(ctx), history.Entry{
		ID: strings.ToLower(rand.Text()), Time: time.Now().UTC().Truncate(time.Second),
		Tenant: e.authority.TenantID, Account: e.who.ID, Username: e.who.Username, Changes: changes, Undoes: e.undoes,
	})
	if err != nil {
		e.say("warning: the edit could not be remembered, so `profilectl edit --undo` will not know of it")
	}
}

// undo returns the change that takes the last edit back.
func (e *edit) undo(ctx context.Context) (profile.Change, error) {
	entries, err := e.history().Entries()
	if err != nil {
		return nil, unreadable(err)
	}
	last, ok := history.Undoable(entries, e.who.ID)
	if !ok {
		return nil, &fault.Error{Kind: fault.Usage, What: "no edit of " + e.who.Username + " is remembered that could be taken back", Fix: "`profilectl history` lists what is remembered"}
	}
	now := e.before
	change := last.Reverse()
	e.undoes, e.before = last.ID, last.Left()
	e.say("Taking back the edit of %s.", last.Time.Local().Format(time.DateTime))
	if e.options.DryRun {
		e.before = now
		return change, nil
	}
	if err := e.resolve(ctx, now, change, fmt.Sprintf("after %s", last.Time.Local().Format(time.DateTime))); err != nil {
		return nil, err
	}
	return change, nil
}
