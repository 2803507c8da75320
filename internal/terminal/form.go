package terminal

import (
	"context"
	"io"

	"github.com/profilectl/profilectl/internal/fault"
)

// Field is one field of a form: a line of text, or options to choose from.
type Field struct {
	Name  string // the key of its value in the result of Edit
	Label string
	Value string                   // the initial value
	Check func(value string) error // nil accepts every value
	// Options are the values to choose from. Without options, the user types a text.
	Options   []Option
	Several   bool // several options can be chosen; commas separate them in the value
	Clearable bool // the user can choose no value
}

// Form is a form that the user fills in page by page.
type Form struct {
	Title string
	Note  string // below the title, for what cannot be changed
	Pages [][]Field
}

// Edit lets the user change the values of a form and returns all of them by field
// name. If the user cancels, it returns a Canceled fault. Leaving a form that has
// changes asks first. With Accessible, the form is a list of plain questions.
func Edit(ctx context.Context, in io.Reader, out io.Writer, c Capabilities, form Form) (map[string]string, error) {
	if c.Accessible {
		return askInLines(ctx, in, out, form)
	}
	return fillIn(ctx, in, out, c, form)
}

// Confirm asks a question and returns the user's answer, yes or no. No answer is
// preselected, so that a stray Enter neither sends nor discards anything. If the user
// cancels with Ctrl-C, it returns a Canceled fault.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, c Capabilities, question string) (bool, error) {
	if c.Accessible {
		return confirmInLines(ctx, in, out, question)
	}
	return confirmWithKey(ctx, in, out, question)
}

func canceled(err error) error {
	return &fault.Error{
		Kind: fault.Canceled,
		What: "canceled; nothing was changed",
		Fix:  "run the command again to start over",
		Err:  err,
	}
}
