package profilecmd

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// inForm lets the user change the values in a form.
func (e *edit) inForm(ctx context.Context, current graph.Profile) (profile.Change, error) {
	values := current.Values()
	answers, err := terminal.Edit(ctx, e.Env.Stdin, e.Env.Stderr, e.Facts, e.form(values))
	if err != nil {
		return nil, err
	}
	change := profile.Change{}
	for _, f := range e.schema.Fields() {
		if f.ReadOnly {
			continue
		}
		switch answer := answers[f.Name]; answer {
		case formValue(f, values[f.Name]):
		case "":
			change[f.Name] = nil
		default:
			change[f.Name] = &answer
		}
	}
	change = e.schema.Against(change, values)
	if len(change) == 0 {
		return change, nil
	}
	return change, e.schema.Check(change)
}

// formValue returns a value as the form shows it, on one line.
func formValue(f profile.Field, value *string) string {
	if value == nil {
		return ""
	}
	text := *value
	if f.Kind != profile.Text {
		text = f.Normalize(text)
	}
	lines := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(text)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, lines)
}

func (e *edit) form(current map[string]*string) terminal.Form {
	var fields []terminal.Field
	for _, f := range e.schema.Fields() {
		if !f.ReadOnly {
			fields = append(fields, formField(f, formValue(f, current[f.Name])))
		}
	}
	return terminal.Form{
		Title: "Your profile",
		Note:  "Sign-in address: " + e.account.Username + " (read-only)",
		Pages: terminal.Pages(fields),
	}
}

// formField returns the field of the form for a field of the profile.
func formField(f profile.Field, value string) terminal.Field {
	field := terminal.Field{Name: f.Name, Label: f.Label, Value: value, Check: formCheck(f, value)}
	switch f.Kind {
	case profile.Boolean:
		field.Options = []terminal.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
	case profile.Choice, profile.Choices:
		field.Several = f.Kind == profile.Choices
		for _, v := range f.Values {
			field.Options = append(field.Options, terminal.Option{Value: v.Value, Label: v.Label})
		}
	case profile.Text, profile.Integer:
		return field
	}
	field.Clearable = !f.Keep
	return field
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
