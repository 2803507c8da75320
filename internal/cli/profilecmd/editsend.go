package profilecmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/profile"
)

// review shows a user at a terminal what will change, and asks for confirmation
// if they did not write the values on the command line. It reports whether the
// differences were shown.
func (e *edit) review(ctx context.Context, source changeSource, p proposal) (_ proposal, shown bool, _ error) {
	differences := e.differences(p)
	p.change = p.change.Only(differences)
	if err := e.schema.Check(p.change); err != nil { // an undo may restore a value that breaks a rule
		return p, false, err
	}
	if e.Facts.StderrTTY && e.Printer.Plain() {
		e.Progress.Show(diff(differences, e.Facts.Color))
		shown = true
	}
	if !source.needsConfirmation() || e.options.Yes || !e.Facts.Interactive {
		return p, shown, nil
	}
	p.aged = true
	return p, shown, e.Env.Confirm(ctx, e.Facts, "Send this change?")
}

// send sends the change to the mid-tier, with a step-up if one is needed. It returns the
// proposal with the base that was current when it was sent. If only a part of the change
// was made, that part is added to the history.
func (e *edit) send(ctx context.Context, p proposal, ahead session.TokenFuture) (proposal, error) {
	sent, version := p, ""
	request := session.StepUp{Ahead: ahead, Unsent: "the edit was not sent"}
	err := e.WithStepUp(ctx, e.account, request, func(t session.Token) (*challenge.Challenge, error) {
		var err error
		if sent.aged || t.Prompted {
			if sent, err = e.rebase(ctx, sent); err != nil {
				return nil, err
			}
		}
		done := e.Progress.Step("send", "Sending the change")
		reply, err := e.MidTier.UpdateAs(ctx, t.Access, e.schema, sent.change)
		done()
		version = reply.Version
		refreshSchema(ctx, e.Session, t.Access, version)
		return reply.Challenge, err
	})
	if len(e.differences(sent)) == 0 { // another edit has made the same change in the meantime
		sent.base = p.base
	}
	if partial, ok := errors.AsType[*midtier.Partial](err); ok {
		return sent, e.partly(ctx, sent, partial)
	}
	f := fault.As(err)
	if err != nil && f.Kind == fault.Invalid && e.version != "" && version != "" && version != e.version {
		changed := f.Reworded("the fields of the mid-tier changed during the edit: " + f.What)
		changed.Fix = "run the command again"
		return sent, changed
	}
	return sent, err
}

// partly adds the part of a change that was made to the history, and returns the fault of
// the edit. The part of an undo is not added: the next undo continues with the same edit.
func (e *edit) partly(ctx context.Context, p proposal, partial *midtier.Partial) error {
	var made, missing []string
	done := p
	done.change = profile.Change{}
	for _, d := range e.differences(p) {
		if slices.Contains(partial.Applied, d.Field) {
			made = append(made, profile.Short(d.Field))
			done.change[d.Field] = d.After
		} else {
			missing = append(missing, profile.Short(d.Field))
		}
	}
	if len(made) == 0 {
		return partial.Fault
	}
	if p.undoes == "" {
		e.remember(ctx, done)
	}
	return partial.Fault.Reworded(fmt.Sprintf("%s (changed: %s; not changed: %s)",
		partial.Fault.What, strings.Join(made, ", "), strings.Join(missing, ", ")))
}

// rebase compares the proposal with the profile as it is now.
func (e *edit) rebase(ctx context.Context, p proposal) (proposal, error) {
	current, err := e.CurrentValues(ctx, e.account, e.schema)
	if err != nil {
		return p, err
	}
	return e.resolve(ctx, p, current, "in the meantime")
}

// resolve returns the proposal based on the current values. If another edit has
// changed the same fields since the base was read, the user decides; without a
// user it is a Conflict fault.
func (e *edit) resolve(
	ctx context.Context,
	p proposal,
	current map[string]*string,
	since string,
) (proposal, error) {
	base := profile.Change{}
	for name := range p.change {
		base[name] = p.base[name]
	}
	remaining := p.change.Only(e.schema.Diff(p.change, current)) // another edit to the same value is no conflict
	var moved []string
	for _, d := range e.schema.Diff(base, current) {
		if _, differs := remaining[d.Field]; differs {
			moved = append(moved, profile.Short(d.Field))
		}
	}
	p.base, p.aged = current, false
	if len(moved) == 0 {
		return p, nil
	}
	what := "another edit changed " + strings.Join(moved, " and ") + " " + since
	if !e.Facts.Interactive || e.options.Yes {
		fix := "look at `" + e.Command("profilectl show") + "`, then run the command again"
		if p.undoes != "" { // it would find the same conflict again
			fix = "run `" + e.Command("profilectl edit --undo") + "` in a terminal and decide there, " +
				"or set the value with `" + e.Command("profilectl edit") + "`"
		}
		return p, &fault.Error{Kind: fault.Conflict, What: what, Fix: fix}
	}
	e.Say("%s:\n", what)
	e.Progress.Show(diff(e.schema.Diff(p.change, current), e.Facts.Color))
	return p, e.Env.Confirm(ctx, e.Facts, "Send the change anyway?")
}

// confirmed writes an accepted change to the history, waits until Graph shows it,
// and returns the status to report.
func (e *edit) confirmed(ctx context.Context, p proposal) editStatus {
	remembered := make(chan struct{})
	go func() {
		e.remember(ctx, p)
		close(remembered)
	}()
	seen, err := e.ReadBack(ctx, e.account, e.schema, p.change)
	<-remembered
	if err != nil || !seen {
		return statusAccepted
	}
	return statusUpdated
}
