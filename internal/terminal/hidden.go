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

// AskHidden returns a line that the user types, which the terminal does not show, even if it is
// typed as soon as the question is shown. It fails with a Canceled fault if the input ends or ctx
// is done. Afterwards, the terminal shows input as before.
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
	defer func() { _ = term.Restore(fd, before) }()
	if err := hideInput(fd); err != nil {
		return "", fmt.Errorf("hide input: %w", err)
	}
	_, _ = io.WriteString(out, label+": ")
	defer func() { _, _ = fmt.Fprintln(out) }() // the terminal does not show the end of the line
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := readLine(file)
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return "", canceled(r.err)
		}
		return r.text, nil
	case <-ctx.Done(): // the read goes on until the process ends
		return "", canceled(ctx.Err())
	}
}

// readLine reads a line without what ends it. Unlike term.ReadPassword, it leaves the mode of the
// terminal alone: that mode was set before the question, and a read that goes on after a
// cancellation must not hide the input of the next program.
func readLine(in io.Reader) (string, error) {
	var line []byte
	for next := make([]byte, 1); ; {
		n, err := in.Read(next)
		switch {
		case n > 0 && next[0] == '\n', errors.Is(err, io.EOF) && len(line) > 0:
			return strings.TrimSuffix(string(line), "\r"), nil
		case n > 0:
			line = append(line, next[0])
		case err != nil:
			return "", err
		}
	}
}
