package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// AskHidden returns a line that the user types, which the terminal does not show. It fails with a
// Canceled fault if the input ends or ctx is done, and then the terminal shows input again.
func AskHidden(ctx context.Context, in io.Reader, out io.Writer, label string) (string, error) {
	file, ok := in.(*os.File)
	if !ok {
		return "", errors.New("the input is not a terminal")
	}
	if ctx.Err() != nil {
		return "", canceled(ctx.Err())
	}
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("hide input: %w", err)
	}
	_, _ = io.WriteString(out, label+": ")
	defer func() { _, _ = fmt.Fprintln(out) }() // the terminal does not show the end of the line
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return "", canceled(r.err)
		}
		return string(r.text), nil
	case <-ctx.Done():
		_ = term.Restore(fd, before) // the read goes on until the process ends
		return "", canceled(ctx.Err())
	}
}
