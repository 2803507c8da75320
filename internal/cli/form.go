package cli

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// inForm lets the person edit the values in a form.
func (e *edit) inForm(ctx context.Context) (profile.Change, error) {
	if err := e.readyToSend(ctx); err != nil {
		return nil, err
	}
	e.attended = true
	form := terminal.Form{Title: "Your profile", Note: "Sign-in address: " + e.who.Username + " (read-only)"}
	for i, f := range profile.Fields() {
		value := ""
		if v := e.before[f.Name]; v != nil {
			value = *v
		}
		if i%formPage == 0 {
			form.Pages = append(form.Pages, nil)
		}
		last := len(form.Pages) - 1
		form.Pages[last] = append(form.Pages[last], terminal.Field{Name: f.Name, Label: f.Label, Value: value, Check: formCheck(f)})
	}
	answers, err := terminal.Edit(ctx, e.env.Stdin, e.env.Stderr, e.facts, form)
	if err != nil {
		return nil, err
	}
	change := profile.Change{}
	for _, f := range profile.Fields() {
		answer, had := answers[f.Name], e.before[f.Name]
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
	return change, change.Check()
}

// formPage is how many fields stand on a page of the form, so that a terminal of
// 24 lines shows it whole.
const formPage = 5

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
