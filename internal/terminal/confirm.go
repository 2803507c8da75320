package terminal

import (
	"context"
	"io"

	tea "github.com/charmbracelet/bubbletea"
)

// confirmWithKey asks a question that one key answers.
func confirmWithKey(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	m := &confirmModel{question: question}
	if err := run(ctx, m, in, out); err != nil {
		return false, err
	}
	if m.answer == "" {
		return false, canceled(nil)
	}
	return m.answer == "y", nil
}

// confirmModel waits for y or n. Other keys change nothing.
type confirmModel struct {
	question string
	answer   string // y, n, or empty
	quit     bool
}

// Init does nothing (tea.Model).
func (m *confirmModel) Init() tea.Cmd { return nil }

// Update handles one message (tea.Model).
func (m *confirmModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if !ok || key.Paste {
		return m, nil
	}
	switch key.String() {
	case "y", "Y":
		m.answer = "y"
	case "n", "N":
		m.answer = "n"
	case "ctrl+c":
	default:
		return m, nil
	}
	m.quit = true
	return m, tea.Quit
}

// View draws the question, and the answer once it is given (tea.Model).
func (m *confirmModel) View() string {
	if m.quit {
		return m.question + " " + m.answer + "\n"
	}
	return m.question + " Press y for yes or n for no.\n"
}
