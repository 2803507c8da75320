package cli

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// formPage is the number of fields on a page of the form, so that a terminal with
// 24 lines shows the whole page.
const formPage = 5

// inForm lets the user change the values in a form.
func (e *edit) inForm(ctx context.Context, current graph.Profile) (profile.Change, error) {
	values := current.Values()
	answers, err := terminal.Edit(ctx, e.env.Stdin, e.env.Stderr, e.facts, e.form(values))
	if err != nil {
		return nil, err
	}
	change := profile.Change{}
	for _, f := range profile.Fields() {
		switch answer := answers[f.Name]; answer {
		case formValue(values[f.Name]):
		case "":
			change[f.Name] = nil
		default:
			change[f.Name] = &answer
		}
	}
	change = change.Against(values)
	if len(change) == 0 {
		return change, nil
	}
	return change, change.Check()
}

// formValue returns a value as the form shows it, on one line.
func formValue(value *string) string {
	if value == nil {
		return ""
	}
	lines := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(*value)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, lines)
}

func (e *edit) form(current map[string]*string) terminal.Form {
	form := terminal.Form{
		Title: "Your profile",
		Note:  "Sign-in address: " + e.account.Username + " (read-only)",
	}
	for i, f := range profile.Fields() {
		value := formValue(current[f.Name])
		if i%formPage == 0 {
			form.Pages = append(form.Pages, nil)
		}
		page := &form.Pages[len(form.Pages)-1]
		*page = append(*page, terminal.Field{
			Name:  f.Name,
			Label: f.Label,
			Value: value,
			Check: formCheck(f, value),
		})
	}
	return form
}

// formCheck returns a func that checks an answer against the rules of a field. An
// empty answer means no value, and the value that the form began with is kept
// whatever it is.
func formCheck(f profile.Field, before string) func(string) error {
	return func(value string) error {
		if value == before || value == "" && !f.Keep {
			return nil
		}
		if what, _ := f.Check(value); what != "" {
			return errors.New(f.Label + " " + what)
		}
		return nil
	}
}
