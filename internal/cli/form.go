package cli

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// formPage is the number of fields on a page of the form, so that a terminal with
// 24 lines shows the whole page.
const formPage = 5

// inForm lets the user change the values in a form.
func (e *edit) inForm(ctx context.Context, current map[string]*string) (profile.Change, error) {
	answers, err := terminal.Edit(ctx, e.env.Stdin, e.env.Stderr, e.facts, e.form(current))
	if err != nil {
		return nil, err
	}
	change := profile.Change{}
	for _, f := range profile.Fields() {
		answer, before := answers[f.Name], current[f.Name]
		switch {
		case answer == "" && before == nil, before != nil && *before == answer:
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

func (e *edit) form(current map[string]*string) terminal.Form {
	form := terminal.Form{
		Title: "Your profile",
		Note:  "Sign-in address: " + e.account.Username + " (read-only)",
	}
	for i, f := range profile.Fields() {
		value := ""
		if v := current[f.Name]; v != nil {
			value = *v
		}
		if i%formPage == 0 {
			form.Pages = append(form.Pages, nil)
		}
		page := &form.Pages[len(form.Pages)-1]
		*page = append(*page, terminal.Field{Name: f.Name, Label: f.Label, Value: value, Check: formCheck(f)})
	}
	return form
}

// formCheck returns a func that checks an answer against the rules of a field. An
// empty answer means no value.
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
