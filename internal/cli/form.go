package cli

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// fillForm lets the person edit the values in a form. The step-up comes first:
// whoever has typed something must not lose it to a sign-in.
func (s *session) fillForm(ctx context.Context, who auth.Account, before map[string]*string, o editOptions) (profile.Change, error) {
	if !o.DryRun {
		t, err := s.editToken(ctx, who)
		if err != nil {
			return nil, err
		}
		s.warnNotSaved(t)
	}
	var fields []terminal.Field
	for _, f := range profile.Fields() {
		value := ""
		if v := before[f.Name]; v != nil {
			value = *v
		}
		fields = append(fields, terminal.Field{Name: f.Name, Label: f.Label, Value: value, Check: formCheck(f)})
	}
	answers, err := terminal.Edit(ctx, s.env.Stdin, s.env.Stderr, s.facts, "Your profile", fields)
	if err != nil {
		return nil, err
	}
	change := profile.Change{}
	for _, f := range profile.Fields() {
		answer, had := answers[f.Name], before[f.Name]
		switch {
		case answer == "" && had == nil, had != nil && *had == answer:
		case answer == "":
			err = change.Clear(f.Name)
		default:
			err = change.Set(f.Name, answer)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(change) == 0 {
		return change, nil
	}
	if err := change.Check(); err != nil {
		return nil, err
	}
	return change, s.review(ctx, change, before, o)
}

// formCheck holds an answer against its field's rule. Empty means no value.
func formCheck(f profile.Field) func(string) error {
	return func(value string) error {
		if value == "" && !f.Keep {
			return nil
		}
		if what, _ := f.Check(value); what != "" {
			return errors.New(f.Label + " " + what)
		}
		return nil
	}
}

// review shows what would be sent and asks.
func (s *session) review(ctx context.Context, change profile.Change, before map[string]*string, o editOptions) error {
	if o.Yes || o.DryRun {
		return nil
	}
	s.say("%s", diff(change.Diff(before), s.facts.Color))
	yes, err := terminal.Confirm(ctx, s.env.Stdin, s.env.Stderr, s.facts, "Send this change?")
	if err != nil {
		return err
	}
	if !yes {
		return &fault.Error{Kind: fault.Canceled, What: "left without a change", Fix: "run the command again to start over"}
	}
	return nil
}
