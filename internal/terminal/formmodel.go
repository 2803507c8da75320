package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"
)

// fillIn runs a form on the screen.
func fillIn(ctx context.Context, in io.Reader, out io.Writer, c Capabilities, form Form) (map[string]string, error) {
	m := newFormModel(form, c.Color)
	err := run(ctx, m, in, out)
	if err != nil {
		return nil, err
	}
	if m.form.State != huh.StateCompleted {
		return nil, canceled(nil)
	}
	values := map[string]string{}
	for i, field := range m.fields {
		values[field.Name] = m.answers[i].text
	}
	return values, nil
}

// run runs a model until it quits. The end of ctx and a closed terminal are Canceled
// faults.
func run(ctx context.Context, m tea.Model, in io.Reader, out io.Writer) error {
	program := tea.NewProgram(
		m,
		tea.WithContext(ctx),
		tea.WithInput(in),
		tea.WithOutput(out),
		tea.WithoutSignalHandler(),
	)
	_, err := program.Run()
	if err != nil && (ctx.Err() != nil || errors.Is(err, tea.ErrProgramKilled) || errors.Is(err, io.EOF)) {
		return canceled(err)
	}
	return err
}

// formModel runs a huh.Form and decides itself when the focus moves. The form alone
// moves it with a message that is handled after the keys that have already arrived:
// what was typed ahead would go into the wrong field.
type formModel struct {
	form    *huh.Form
	fields  []Field // of all pages
	answers []*answer
	ends    []int // index of the last field of each page
	at      int   // index of the focused field
	escape  escape
	leaving bool // the user is asked whether to discard the changes
}

func newFormModel(form Form, color bool) *formModel {
	m := &formModel{}
	var groups []*huh.Group
	for i, page := range form.Pages {
		var inputs []huh.Field
		for _, field := range page {
			a := &answer{}
			a.Set(field.Value)
			m.fields = append(m.fields, field)
			m.answers = append(m.answers, a)
			inputs = append(inputs, field.input(a))
		}
		m.ends = append(m.ends, len(m.fields)-1)
		title := form.Title
		if len(form.Pages) > 1 {
			title = fmt.Sprintf("%s, page %d of %d", form.Title, i+1, len(form.Pages))
		}
		groups = append(groups, huh.NewGroup(inputs...).Title(title).Description(form.Note+"\nEsc cancels."))
	}
	theme := huh.ThemeBase()
	if color {
		theme = huh.ThemeBase16()
	}
	keys := huh.NewDefaultKeyMap()
	keys.Quit.SetEnabled(false) // leave decides
	keys.Select.Filter.Unbind() // Esc ends a filter, and the form
	keys.MultiSelect.Filter.Unbind()
	keys.MultiSelect.Toggle.SetHelp("space", "choose")
	keys.MultiSelect.SelectAll.Unbind() // the help has to fit a narrow terminal
	keys.MultiSelect.SelectNone.Unbind()
	keys.Confirm.Accept.SetEnabled(false) // they move the focus; see formModel
	keys.Confirm.Reject.SetEnabled(false)
	m.form = huh.NewForm(groups...).WithTheme(theme).WithKeyMap(keys)
	return m
}

// Init starts the form (tea.Model).
func (m *formModel) Init() tea.Cmd { return m.form.Init() }

// Update handles one message (tea.Model).
func (m *formModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case escapeEnded:
		if m.escape.ended(msg) {
			return m, m.leave()
		}
		return m, nil
	case tea.KeyMsg:
		key, ok, wait := m.escape.key(msg)
		if !ok {
			return m, wait
		}
		return m, m.press(key)
	}
	_, cmd := m.form.Update(msg)
	return m, cmd
}

// press handles a key.
func (m *formModel) press(key tea.KeyMsg) tea.Cmd {
	switch {
	case m.leaving:
		return m.answerLeaving(key)
	case key.Type == tea.KeyEsc, key.Type == tea.KeyCtrlC:
		return m.leave()
	case key.Type == tea.KeyShiftTab:
		return m.back()
	case key.Type == tea.KeyEnter && !key.Paste, key.Type == tea.KeyTab:
		return m.forward(key)
	}
	_, cmd := m.form.Update(key)
	return cmd
}

// forward moves to the next field or page, or completes the form, unless the value
// is invalid.
func (m *formModel) forward(key tea.KeyMsg) tea.Cmd {
	m.form.Update(key) // checks the value; its own move is not used
	if m.form.GetFocusedField().Error() != nil {
		return nil
	}
	last := m.at == len(m.fields)-1
	var cmd tea.Cmd
	if slices.Contains(m.ends, m.at) {
		cmd = m.form.NextGroup()
	} else {
		cmd = m.form.NextField()
	}
	if last && m.form.State == huh.StateCompleted {
		return tea.Quit
	}
	m.at++
	return cmd
}

// back moves to the field before, also on the page before.
func (m *formModel) back() tea.Cmd {
	switch {
	case m.at == 0:
		return nil
	case slices.Contains(m.ends, m.at-1):
		if m.form.GetFocusedField().Error() != nil {
			return nil // a page cannot be left with an invalid value
		}
		m.at--
		return m.form.PrevGroup()
	}
	m.at--
	return m.form.PrevField()
}

// leave ends the form. If the user has changed something, they are asked first.
func (m *formModel) leave() tea.Cmd {
	changed := false
	for i, field := range m.fields {
		changed = changed || m.answers[i].text != field.Value
	}
	if !changed {
		return tea.Quit
	}
	m.leaving = true
	return nil
}

// answerLeaving handles the key that answers the question. Only y discards, and a
// second Ctrl-C; every other key keeps the changes.
func (m *formModel) answerLeaving(key tea.KeyMsg) tea.Cmd {
	m.leaving = false
	if key.Type == tea.KeyCtrlC || !key.Paste && (key.String() == "y" || key.String() == "Y") {
		return tea.Quit
	}
	return nil
}

// View draws the form (tea.Model).
func (m *formModel) View() string {
	if m.leaving {
		return "Discard your changes?\n\n  y: discard them\n  any other key: back to the form\n"
	}
	return m.form.View()
}

// input returns the field of the form that edits a. Its title shows a broken rule
// while the user types. The user cannot go on with an invalid value.
func (f Field) input(a *answer) huh.Field {
	if len(f.Options) > 0 {
		return f.choice(a)
	}
	input := huh.NewInput().Title(f.Label).Accessor(a)
	if f.Check == nil {
		return input
	}
	return input.Validate(f.Check).TitleFunc(func() string { return f.headline(*a.shared.Load()) }, &a.text)
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
