package profilecmd

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/profile"
)

// lastEdit returns the last edit of the account that can be undone.
func (e *edit) lastEdit() (history.Entry, error) {
	entries, err := editsOf(e.Session).Entries()
	if err != nil {
		return history.Entry{}, historyFault(err)
	}
	last, ok := history.Undoable(entries, e.account.ID)
	if !ok {
		return last, &fault.Error{
			Kind: fault.Usage,
			What: "nothing to undo",
			Fix:  "list the edits that were made from this machine with `" + e.Command("profilectl history") + "`",
		}
	}
	return last, nil
}

// undo returns the change that undoes an edit. Fields whose old value is not possible any more
// stay as they are, with a warning; it fails if no field is left.
func (e *edit) undo(ctx context.Context, last history.Entry, current map[string]*string) (proposal, error) {
	when := last.Time.Local().Format(time.DateTime)
	p := proposal{change: last.Reverse(), base: current, undoes: last.ID}
	var reasons []string
	for _, d := range last.Changes {
		if what := e.stays(d, current); what != "" {
			reasons = append(reasons, what)
			p.stay = append(p.stay, d.Field)
			delete(p.change, d.Field)
		}
	}
	if len(p.change) == 0 {
		return p, &fault.Error{
			Kind: fault.Invalid,
			What: "the edit of " + when + " cannot be undone: " + strings.Join(reasons, "; "),
			Fix: "set another value with `" + e.Command("profilectl edit") + "`; `" + e.Command("profilectl history") +
				"` lists the old ones",
		}
	}
	e.Say("Undoing the edit of %s.", when)
	for _, what := range reasons {
		e.Progress.Warn("a part of the edit cannot be undone: %s", what)
	}
	if e.options.DryRun {
		return p, nil
	}
	p.base = last.Left() // compared with the current values, it shows what another edit has changed
	return e.resolve(ctx, p, current, "after "+when)
}

// stays returns why a field cannot have its value before an edit again, or an empty string.
func (e *edit) stays(d profile.Difference, current map[string]*string) string {
	field, ok := e.schema.Field(d.Field)
	if !ok || field.ReadOnly {
		return "the mid-tier does not edit " + profile.Short(d.Field) + " any more"
	}
	back := profile.Change{d.Field: d.Before}
	if len(e.schema.Diff(back, current)) == 0 {
		return ""
	}
	if err := e.schema.Check(back); err != nil {
		return fault.As(err).What
	}
	return ""
}

// remember adds an accepted edit to the history. If that fails, the edit is done
// all the same, and the user gets a warning.
func (e *edit) remember(ctx context.Context, p proposal) {
	if !e.Settings.Bool("history") {
		return
	}
	err := editsOf(e.Session).Add(context.WithoutCancel(ctx), history.Entry{
		ID:       strings.ToLower(rand.Text()),
		Time:     time.Now().UTC().Truncate(time.Second),
		Tenant:   e.Authority.TenantID,
		Account:  e.account.ID,
		Username: e.account.Username,
		Changes:  e.differences(p),
		Undoes:   p.undoes,
	})
	if err != nil {
		e.Progress.Warn("the edit could not be added to the history and cannot be undone")
	}
}
