package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/charmbracelet/huh"

	"github.com/profilectl/profilectl/internal/fault"
)

// Field is one line of a form.
type Field struct {
	Name  string // the key of its value in the result of Edit
	Label string
	Value string                   // the initial value
	Check func(value string) error // nil accepts every value
}

// Form is a form that the user fills in page by page.
type Form struct {
	Title string
	Note  string // below the title, for what cannot be changed
	Pages [][]Field
}

// Edit lets the user change the values of a form and returns all of them by field
// name. If the user cancels with Esc or Ctrl-C, it returns a Canceled fault.
func Edit(ctx context.Context, in io.Reader, out io.Writer, c Capabilities, form Form) (map[string]string, error) {
	answers := map[string]*answer{}
	var groups []*huh.Group
	for i, page := range form.Pages {
		var inputs []huh.Field
		for _, field := range page {
			a := &answer{}
			a.Set(field.Value)
			answers[field.Name] = a
			inputs = append(inputs, field.input(a, c.Accessible))
		}
		title := form.Title
		if len(form.Pages) > 1 {
			title = fmt.Sprintf("%s, page %d of %d", form.Title, i+1, len(form.Pages))
		}
		group := huh.NewGroup(inputs...).Title(title).Description(form.Note + "\nEsc cancels.")
		groups = append(groups, group)
	}
	if err := run(ctx, huh.NewForm(groups...), in, out, c); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, a := range answers {
		values[name] = a.text
	}
	return values, nil
}

// input returns the field of the form that edits a. Its title shows a broken rule
// while the user types, except in an accessible form, which asks line by line. The
// user cannot go on with an invalid value.
func (f Field) input(a *answer, accessible bool) huh.Field {
	input := huh.NewInput().Title(f.Label).Accessor(a)
	if f.Check == nil {
		return input
	}
	input = input.Validate(f.Check)
	if accessible {
		return input
	}
	return input.TitleFunc(func() string { return f.headline(*a.shared.Load()) }, &a.text)
}

// headline returns the field's label, or what is wrong with its value.
func (f Field) headline(value string) string {
	if err := f.Check(value); err != nil {
		return err.Error()
	}
	return f.Label
}

// answer holds the value that the user types into a field. huh reads and writes
// text, and computes titles concurrently; these read shared.
type answer struct {
	text   string
	shared atomic.Pointer[string]
}

var _ huh.Accessor[string] = (*answer)(nil)

// Get returns the value, for huh.
func (a *answer) Get() string { return a.text }

// Set stores a new value, for huh.
func (a *answer) Set(value string) {
	a.text = value
	a.shared.Store(&value)
}

// Confirm asks whether to send a change and returns the user's answer. If the user
// cancels with Esc or Ctrl-C, it returns a Canceled fault.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, c Capabilities, question string) (bool, error) {
	yes := false
	confirm := huh.NewConfirm().Title(question).Affirmative("Send").Negative("Cancel").Value(&yes)
	if err := run(ctx, huh.NewForm(huh.NewGroup(confirm)), in, out, c); err != nil {
		return false, err
	}
	return yes, nil
}

func run(ctx context.Context, form *huh.Form, in io.Reader, out io.Writer, c Capabilities) error {
	theme := huh.ThemeBase()
	if c.Color {
		theme = huh.ThemeBase16()
	}
	keys := huh.NewDefaultKeyMap()
	keys.Quit.SetKeys("ctrl+c", "esc")
	form = form.WithInput(in).WithOutput(out).WithAccessible(c.Accessible).WithTheme(theme).WithKeyMap(keys)
	err := form.RunWithContext(ctx)
	if errors.Is(err, huh.ErrUserAborted) || ctx.Err() != nil {
		return &fault.Error{
			Kind: fault.Canceled,
			What: "canceled; nothing was changed",
			Fix:  "run the command again to start over",
			Err:  err,
		}
	}
	return err
}
