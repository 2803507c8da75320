package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// review shows a user at a terminal what will change, and asks for confirmation
// if they did not write the values on the command line. It reports whether the
// differences were shown.
func (e *edit) review(ctx context.Context, source changeSource, p proposal) (_ proposal, shown bool, _ error) {
	differences := p.differences()
	p.change = p.change.Only(differences)
	if err := p.change.Check(); err != nil { // an undo may restore a value that breaks a rule
		return p, false, err
	}
	if e.facts.StderrTTY && e.printer.Plain() {
		e.progress.show(diff(differences, e.facts.Color))
		shown = true
	}
	if !source.needsConfirmation() || e.options.Yes || !e.facts.Interactive {
		return p, shown, nil
	}
	p.aged = true
	return p, shown, e.confirm(ctx, "Send this change?")
}

func (e *edit) confirm(ctx context.Context, question string) error {
	yes, err := terminal.Confirm(ctx, e.env.Stdin, e.env.Stderr, e.facts, question)
	if err == nil && !yes {
		err = canceled()
	}
	return err
}

func canceled() error {
	return &fault.Error{
		Kind: fault.Canceled,
		What: "canceled; nothing was changed",
		Fix:  "run the command again to start over",
	}
}

// send sends the change to the mid-tier and remembers it in the history. It
// returns the proposal with the base that was current when it was sent.
//
// This is the one loop between a claims challenge and the user who can answer
// it. Whatever the challenge comes from (the silent token request, the mid-tier,
// the exchange or Graph), the user steps up once with the same account, and the
// same change is sent again. A second challenge is an error.
func (e *edit) send(ctx context.Context, p proposal, ahead tokenFuture) (proposal, error) {
	request, err := e.editRequest()
	if err != nil {
		return p, err
	}
	request.Ahead = ahead
	sent, ch, err := e.sendOnce(ctx, p, request)
	if err == nil && ch != nil {
		request.Challenge = ch
		sent, ch, err = e.sendOnce(ctx, sent, request)
	}
	if len(sent.differences()) == 0 { // another edit has made the same change in the meantime
		sent.base = p.base
	}
	if err == nil && ch != nil {
		err = &fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier requires a stronger sign-in even after the second factor",
			Fix: "ask the tenant's administrator to compare the mid-tier's required authentication context " +
				"with the Conditional Access policies",
		}
	}
	if errors.Is(err, auth.ErrDifferentAccount) {
		err = fault.As(err).Reworded("a different account signed in; the edit was not sent")
	}
	return sent, err
}

// sendOnce sends the change. It returns the mid-tier's challenge, if there is
// one.
func (e *edit) sendOnce(
	ctx context.Context,
	p proposal,
	request tokenRequest,
) (_ proposal, ch *challenge.Challenge, _ error) {
	err := e.withToken(ctx, e.account, request, func(t acquiredToken) (err error) {
		if p.aged || t.Prompted {
			if p, err = e.rebase(ctx, p); err != nil {
				return err
			}
		}
		defer e.progress.step("send", "Sending the change")()
		ch, err = e.midtier.Update(ctx, t.Access, p.change)
		return err
	})
	return p, ch, err
}

// rebase compares the proposal with the profile as it is now.
func (e *edit) rebase(ctx context.Context, p proposal) (proposal, error) {
	current, err := e.currentValues(ctx, e.account)
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
	remaining := p.change.Only(p.change.Diff(current)) // another edit to the same value is no conflict
	var moved []string
	for _, d := range base.Diff(current) {
		if _, differs := remaining[d.Field]; differs {
			moved = append(moved, d.Field)
		}
	}
	p.base, p.aged = current, false
	if len(moved) == 0 {
		return p, nil
	}
	what := "another edit changed " + strings.Join(moved, " and ") + " " + since
	if !e.facts.Interactive || e.options.Yes {
		fix := "look at `" + e.command("profilectl show") + "`, then run the command again"
		if p.undoes != "" { // it would find the same conflict again
			fix = "run `" + e.command("profilectl edit --undo") + "` in a terminal and decide there, " +
				"or set the value with `" + e.command("profilectl edit") + "`"
		}
		return p, &fault.Error{Kind: fault.Conflict, What: what, Fix: fix}
	}
	e.say("%s:\n", what)
	e.progress.show(diff(p.change.Diff(current), e.facts.Color))
	return p, e.confirm(ctx, "Send the change anyway?")
}

// confirmed writes an accepted change to the history, waits until Graph shows it,
// and returns the status to report.
func (e *edit) confirmed(ctx context.Context, p proposal) editStatus {
	remembered := make(chan struct{})
	go func() {
		e.remember(ctx, p)
		close(remembered)
	}()
	seen, err := e.readBack(ctx, e.account, p.change)
	<-remembered
	if err != nil || !seen {
		return statusAccepted
	}
	return statusUpdated
}

// readBackDelays are the pauses between reads. Graph is eventually consistent.
func readBackDelays() []time.Duration {
	return []time.Duration{
		0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
	}
}

// readBack waits until Graph shows the change, and reports whether it did. A
// stale read is not an error.
func (s *session) readBack(ctx context.Context, account auth.Account, change profile.Change) (bool, error) {
	defer s.progress.step("read-back", "Waiting until Microsoft Graph shows the change")()
	for _, delay := range readBackDelays() {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return false, ctx.Err()
		}
		current, err := s.currentValues(ctx, account)
		if err != nil {
			return false, err
		}
		if len(change.Diff(current)) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// currentValues reads the editable fields from Graph.
func (s *session) currentValues(ctx context.Context, account auth.Account) (map[string]*string, error) {
	me, err := s.me(ctx, account, profile.Names()...)
	if err != nil {
		return nil, err
	}
	return me.Values(), nil
}
