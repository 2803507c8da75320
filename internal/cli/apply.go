package cli

import (
	"context"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// edited is what edit reports.
type edited struct {
	Status  string               `json:"status"` // updated, accepted, unchanged or dry-run
	Account string               `json:"account"`
	Changes []profile.Difference `json:"changes"`
	Undoes  string               `json:"undoes,omitempty"`
}

// read returns the current values, and asks for the mid-tier's token meanwhile.
func (e *edit) read(ctx context.Context) (map[string]*string, error) {
	if !e.options.DryRun {
		defer e.prepare(ctx, e.who)()
	}
	return e.currentValues(ctx, e.who)
}

// readyToSend makes sure of the step-up before a person types anything: they
// must not lose it to a sign-in.
func (e *edit) readyToSend(ctx context.Context) error {
	if e.options.DryRun {
		return nil
	}
	t, err := e.editToken(ctx, e.who)
	if err == nil {
		e.warnNotSaved(t)
	}
	return err
}

// apply sends what really changes, reads it back and reports.
func (e *edit) apply(ctx context.Context, change profile.Change) error {
	result := edited{Status: "unchanged", Account: e.who.Username, Changes: change.Diff(e.before), Undoes: e.undoes}
	switch {
	case len(result.Changes) == 0:
		result.Changes = []profile.Difference{}
		return e.report(result, "Nothing to change: the profile has these values already.")
	case e.options.DryRun:
		result.Status = "dry-run"
		return e.report(result, "Nothing was sent.")
	}
	change = change.Only(result.Changes)
	if err := change.Check(); err != nil { // an undo may bring back what breaks a rule today
		return err
	}
	if err := e.review(ctx, result.Changes); err != nil {
		return err
	}
	if err := e.send(ctx, change); err != nil {
		return err
	}
	if sent := change.Diff(e.before); len(sent) > 0 { // before may be newer than what the person saw
		result.Changes = sent
	}
	remembered := make(chan struct{})
	go func() {
		e.remember(ctx, result.Changes)
		close(remembered)
	}()
	seen, err := e.readBack(ctx, e.who, change)
	<-remembered
	if err != nil || !seen {
		result.Status = "accepted"
		return e.report(result, "Accepted. Microsoft Graph does not show the change yet; `profilectl show` will in a moment.")
	}
	result.Status = "updated"
	return e.report(result, "Updated.")
}

// review shows a person at a terminal what will change. Where they did not name
// the values on the command line, they are asked.
func (e *edit) review(ctx context.Context, changes []profile.Difference) error {
	if e.facts.StderrTTY && e.printer.Plain() {
		e.say("%s", diff(changes, e.facts.Color))
		e.previewed = true
	}
	asked := e.options.Undo || e.attendedForm()
	if !asked || e.options.Yes || !e.facts.Interactive {
		return nil
	}
	return e.confirm(ctx, "Send this change?")
}

// attendedForm tells whether a person typed the values at a form or an editor.
func (e *edit) attendedForm() bool {
	return e.options.Editor || e.options.FromFile == "" && len(e.options.Values)+len(e.options.Set)+len(e.options.Unset) == 0
}

func (e *edit) confirm(ctx context.Context, question string) error {
	e.attended = true
	yes, err := terminal.Confirm(ctx, e.env.Stdin, e.env.Stderr, e.facts, question)
	if err != nil {
		return err
	}
	if !yes {
		return &fault.Error{Kind: fault.Canceled, What: "left without a change", Fix: "run the command again to start over"}
	}
	return nil
}

// send hands the change to the mid-tier. It is the one loop between a claims
// challenge and the person who can answer it: whatever asked for a second
// factor, the same change is sent once more for the same account, and only
// once.
func (e *edit) send(ctx context.Context, change profile.Change) error {
	demand, err := e.update(ctx, nil, change)
	if err != nil || demand == nil {
		return err
	}
	demand, err = e.update(ctx, demand, change)
	if err == nil && demand != nil {
		return &fault.Error{
			Kind: fault.Denied, What: "the mid-tier asks for a stronger sign-in even after the second factor",
			Fix: "ask the tenant's administrator to compare the mid-tier's required authentication context with the Conditional Access policies",
		}
	}
	return err
}

// update sends the change once. It returns the mid-tier's challenge, if it has
// one.
func (e *edit) update(ctx context.Context, answer *challenge.Challenge, change profile.Change) (demand *challenge.Challenge, err error) {
	w, err := e.editWish()
	if err != nil {
		return nil, err
	}
	w.Answer = answer
	err = e.use(ctx, e.who, w, func(access string) error {
		if err := e.stillBased(ctx, change); err != nil {
			return err
		}
		defer e.progress.step("send", "Sending the change")()
		demand, err = e.midtier.Update(ctx, access, change)
		return err
	})
	return demand, err
}

// stillBased makes sure, where a person took their time, that nobody else
// changed the same fields meanwhile.
func (e *edit) stillBased(ctx context.Context, change profile.Change) error {
	if !e.attended {
		return nil
	}
	now, err := e.currentValues(ctx, e.who)
	if err != nil {
		return err
	}
	return e.resolve(ctx, now, change, "meanwhile")
}

// resolve holds what a change is based on against what is there. A person
// decides about a conflict; without one it is a fault.
func (e *edit) resolve(ctx context.Context, now map[string]*string, change profile.Change, since string) error {
	base := profile.Change{}
	for name := range change {
		base[name] = e.before[name]
	}
	left := change.Only(change.Diff(now)) // what somebody else set to our own value is no conflict
	var moved []string
	for _, d := range base.Diff(now) {
		if _, differs := left[d.Field]; differs {
			moved = append(moved, d.Field)
		}
	}
	e.before, e.attended = now, false
	if len(moved) == 0 {
		return nil
	}
	what := strings.Join(moved, " and ") + " was changed by somebody else " + since
	if !e.facts.Interactive || e.options.Yes {
		return &fault.Error{Kind: fault.Conflict, What: what, Fix: "look at `profilectl show`, then run the command again"}
	}
	e.say("%s:\n\n%s", what, diff(change.Diff(now), e.facts.Color))
	err := e.confirm(ctx, "Send the change all the same?")
	e.attended = false
	return err
}

// report prints the outcome: the changes as data, and a sentence. A person who
// has seen the difference is not shown it twice.
func (e *edit) report(result edited, sentence string) error {
	table := output.Table{Columns: []string{"FIELD", "BEFORE", "AFTER"}}
	for _, d := range result.Changes {
		table.Rows = append(table.Rows, []string{d.Field, shown(d.Before), shown(d.After)})
	}
	if len(table.Rows) == 0 || e.previewed && e.facts.StdoutTTY {
		return e.print(result, sentence)
	}
	if err := e.printer.Print(result, table); err != nil {
		return err
	}
	if e.printer.Plain() {
		e.say("%s", sentence)
	}
	return nil
}

// readBackDelays is the patience with Graph, which is eventually consistent.
func readBackDelays() []time.Duration {
	return []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
}

// readBack waits until Graph shows the change; a stale read is no failure.
func (s *session) readBack(ctx context.Context, who auth.Account, change profile.Change) (bool, error) {
	defer s.progress.step("read-back", "Waiting until Microsoft Graph shows the change")()
	for _, delay := range readBackDelays() {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return false, ctx.Err()
		}
		now, err := s.currentValues(ctx, who)
		if err != nil {
			return false, err
		}
		if len(change.Diff(now)) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// currentValues reads the editable fields from Graph.
func (s *session) currentValues(ctx context.Context, who auth.Account) (map[string]*string, error) {
	me, err := s.me(ctx, who, profile.Names()...)
	if err != nil {
		return nil, err
	}
	return me.Values(), nil
}
