package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Hidden is a terminal that does not show what the user types, not even between two questions.
// It is not safe for concurrent use.
type Hidden struct {
	in     *os.File
	out    io.Writer
	before *term.State
}

// HideInput hides what the user types on the terminal in, until Show. Questions go to out.
func HideInput(in io.Reader, out io.Writer) (*Hidden, error) {
	file, ok := in.(*os.File)
	if !ok {
		return nil, errors.New("the input is not a terminal")
	}
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err == nil {
		err = hideInput(fd)
	}
	if err != nil {
		return nil, fmt.Errorf("hide input: %w", err)
	}
	return &Hidden{in: file, out: out, before: before}, nil
}

// Show makes the terminal show input as before HideInput.
func (h *Hidden) Show() { _ = term.Restore(int(h.in.Fd()), h.before) }

// Ask asks a question and returns the line that the user types. It fails with a Canceled fault
// if the input ends or ctx is done; then h must not be asked again. Unlike term.ReadPassword, it
// leaves the mode of the terminal alone: a read goes on after a cancellation until the process
// ends, and must not hide the input of the next program.
func (h *Hidden) Ask(ctx context.Context, label string) (string, error) {
	if ctx.Err() != nil {
		return "", canceled(ctx.Err())
	}
	_, _ = io.WriteString(h.out, label+": ")
	defer func() { _, _ = fmt.Fprintln(h.out) }() // the terminal does not show the end of the line
	line, err := newLineReader(h.in).next(ctx)
	if err != nil {
		return "", canceled(err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}
