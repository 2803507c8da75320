package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/charmbracelet/huh"

	"github.com/profilectl/profilectl/internal/fault"
)

// Field is one line of a form.
type Field struct {
	Name  string // the key of its answer
	Label string
	Value string                   // what it holds at first
	Check func(value string) error // nil takes everything
}

// Form is what a person fills in, page by page.
type Form struct {
	Title string
	Note  string // below the title: what is shown and cannot be changed
	Pages [][]Field
}

// Edit lets the person change the fields' values and returns the new ones, all
// of them. Leaving it with Esc or Ctrl-C is a Canceled fault, and nothing has
// changed.
func Edit(ctx context.Context, in io.Reader, out io.Writer, f Facts, form Form) (map[string]string, error) {
	answers := map[string]*answer{}
	var groups []*huh.Group
	for i, page := range form.Pages {
		var inputs []huh.Field
		for _, field := range page {
			a := &answer{}
			a.Set(field.Value)
			answers[field.Name] = a
			input := huh.NewInput().Title(field.Label).Accessor(a)
			if field.Check != nil {
				input = input.Validate(field.Check)
			}
			if field.Check != nil && !f.Accessible { // told while the person types, and held when they go on
				input = input.TitleFunc(func() string { return headline(field, *a.shared.Load()) }, &a.text)
			}
			inputs = append(inputs, input)
		}
		title := form.Title
		if len(form.Pages) > 1 {
			title = fmt.Sprintf("%s, page %d of %d", form.Title, i+1, len(form.Pages))
		}
		groups = append(groups, huh.NewGroup(inputs...).Title(title).Description(form.Note+"\nEsc leaves without a change."))
	}
	if err := run(ctx, huh.NewForm(groups...), in, out, f); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, a := range answers {
		values[name] = a.text
	}
	return values, nil
}

// answer is what a person types into a field. The form works on text; headlines
// are made beside it, from shared.
type answer struct {
	text   string
	shared atomic.Pointer[string]
}

var _ huh.Accessor[string] = (*answer)(nil)

// Get returns the value (huh.Accessor).
func (a *answer) Get() string { return a.text }

// Set takes a new value (huh.Accessor).
func (a *answer) Set(value string) {
	a.text = value
	a.shared.Store(&value)
}

// headline is the field's label, or what is wrong with its value.
func headline(f Field, value string) string {
	if err := f.Check(value); err != nil {
		return err.Error()
	}
	return f.Label
}

// Confirm asks a question of yes or no.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, f Facts, question string) (bool, error) {
	yes := false
	form := huh.NewForm(huh.NewGroup(huh.NewConfirm().Title(question).Affirmative("Send").Negative("Leave it").Value(&yes)))
	if err := run(ctx, form, in, out, f); err != nil {
		return false, err
	}
	return yes, nil
}

func run(ctx context.Context, form *huh.Form, in io.Reader, out io.Writer, f Facts) error {
	theme := huh.ThemeBase()
	if f.Color {
		theme = huh.ThemeBase16()
	}
	keys := huh.NewDefaultKeyMap()
	keys.Quit.SetKeys("ctrl+c", "esc")
	err := form.WithInput(in).WithOutput(out).WithAccessible(f.Accessible).WithTheme(theme).WithKeyMap(keys).RunWithContext(ctx)
	if errors.Is(err, huh.ErrUserAborted) || ctx.Err() != nil {
		return &fault.Error{Kind: fault.Canceled, What: "left without a change", Fix: "run the command again to start over", Err: err}
	}
	return err
}

// Diff lists changes for a person: a line for each field, before and after.
func Diff(rows []Change, color bool) string {
	const red, green, reset = "\x1b[31m", "\x1b[32m", "\x1b[0m"
	paint := func(code, s string) string {
		if !color {
			return s
		}
		return code + s + reset
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r.Field))
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString("  " + r.Field + strings.Repeat(" ", longest-len(r.Field)) + "  " + paint(red, r.Before) + " → " + paint(green, r.After) + "\n")
	}
	return b.String()
}

// Change is one line of a Diff, its values made harmless already.
type Change struct{ Field, Before, After string }
