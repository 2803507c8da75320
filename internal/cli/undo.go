package cli

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
)

// undo returns the change that undoes the last edit of the account.
func (e *edit) undo(ctx context.Context, current map[string]*string) (proposal, error) {
	entries, err := e.history().Entries()
	if err != nil {
		return proposal{}, historyFault(err)
	}
	last, ok := history.Undoable(entries, e.account.ID)
	if !ok {
		return proposal{}, &fault.Error{
			Kind: fault.Usage,
			What: "nothing to undo",
			Fix:  "list the edits that were made from this machine with `" + e.command("profilectl history") + "`",
		}
	}
	when := last.Time.Local().Format(time.DateTime)
	e.say("Undoing the edit of %s.", when)
	p := proposal{change: last.Reverse(), base: current, undoes: last.ID}
	if e.options.DryRun {
		return p, nil
	}
	p.base = last.Left() // compared with the current values, it shows what another edit has changed
	return e.resolve(ctx, p, current, "after "+when)
}

// remember adds an accepted edit to the history. If that fails, the edit is done
// all the same, and the user gets a warning.
func (e *edit) remember(ctx context.Context, p proposal) {
	if !e.settings.Bool("history") {
		return
	}
	err := e.history().Add(context.WithoutCancel(ctx), history.Entry{
		ID:       strings.ToLower(rand.Text()),
		Time:     time.Now().UTC().Truncate(time.Second),
		Tenant:   e.authority.TenantID,
		Account:  e.account.ID,
		Username: e.account.Username,
		Changes:  p.differences(),
		Undoes:   p.undoes,
	})
	if err != nil {
		e.progress.warn("the edit could not be added to the history and cannot be undone")
	}
}
