package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/profile"
)

// lastEdit returns the last edit of the account that can be undone.
func (e *edit) lastEdit() (history.Entry, error) {
	entries, err := e.history().Entries()
	if err != nil {
		return history.Entry{}, historyFault(err)
	}
	last, ok := history.Undoable(entries, e.account.ID)
	if !ok {
		return last, &fault.Error{
			Kind: fault.Usage,
			What: "nothing to undo",
			Fix:  "list the edits that were made from this machine with `" + e.command("profilectl history") + "`",
		}
	}
	return last, nil
}

// undoable returns a fault if the schema does not allow to undo an edit.
func undoable(schema profile.Schema, last history.Entry) error {
	for _, d := range last.Changes {
		if f, ok := schema.Field(d.Field); !ok || f.ReadOnly {
			return &fault.Error{
				Kind: fault.Invalid,
				What: fmt.Sprintf("the edit of %s cannot be undone: the mid-tier does not edit %s any more",
					last.Time.Local().Format(time.DateTime), profile.Short(d.Field)),
				Fix: "set the other fields with the values in the history",
			}
		}
	}
	return nil
}

// undo returns the change that undoes an edit.
func (e *edit) undo(ctx context.Context, last history.Entry, current map[string]*string) (proposal, error) {
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
		Changes:  e.differences(p),
		Undoes:   p.undoes,
	})
	if err != nil {
		e.progress.warn("the edit could not be added to the history and cannot be undone")
	}
}
