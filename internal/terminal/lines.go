package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// clearWord is what a user types in an accessible form to clear a field.
const clearWord = "clear"

// askInLines asks for the fields one by one in plain lines, for screen readers.
func askInLines(ctx context.Context, in io.Reader, out io.Writer, form Form) (map[string]string, error) {
	lines := newLineReader(in)
	_, _ = fmt.Fprintf(out, "%s\n%s\n", form.Title, form.Note)
	_, _ = fmt.Fprintf(out, "Enter keeps the current value, %q removes it, and Ctrl-C cancels.\n", clearWord)
	values := map[string]string{}
	for _, page := range form.Pages {
		for _, field := range page {
			value, err := field.ask(ctx, lines, out)
			if err != nil {
				return nil, err
			}
			values[field.Name] = value
		}
	}
	return values, nil
}

// ask asks for a field until its value is valid. The question contains the current value.
func (f Field) ask(ctx context.Context, lines lineReader, out io.Writer) (string, error) {
	question := fmt.Sprintf("%s (now %s): ", f.Label, f.shown(f.Value))
	if f.Value == "" {
		question = f.Label + " (no value): "
	}
	if len(f.Options) > 0 {
		question += f.question() + ": "
	}
	for {
		_, _ = io.WriteString(out, question)
		text, err := lines.next(ctx)
		if err != nil {
			_, _ = fmt.Fprintln(out)
			return "", canceled(err)
		}
		value, err := f.answer(text)
		if err == nil {
			return value, nil
		}
		_, _ = fmt.Fprintln(out, err)
	}
}

// answer returns the value that a line stands for, or what is wrong with it.
func (f Field) answer(line string) (string, error) {
	value := strings.TrimSpace(line)
	switch value {
	case "":
		return f.Value, nil
	case clearWord:
		value = ""
	default:
		if len(f.Options) > 0 {
			var err error
			if value, err = f.choose(value); err != nil {
				return "", err
			}
		}
	}
	if f.Check == nil {
		return value, nil
	}
	return value, f.Check(value)
}

// confirmInLines asks a question until the answer is yes or no.
func confirmInLines(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	lines := newLineReader(in)
	for {
		_, _ = fmt.Fprintf(out, "%s Type y or n: ", question)
		text, err := lines.next(ctx)
		if err != nil {
			_, _ = fmt.Fprintln(out)
			return false, canceled(err)
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// lineReader reads lines from a terminal, byte by byte, so that it takes nothing that
// a later question should read.
type lineReader struct {
	in       *bufio.Reader
	terminal io.Reader
}

func newLineReader(in io.Reader) lineReader {
	return lineReader{in: bufio.NewReader(oneByteReader{in}), terminal: in}
}

// next returns the next line. It returns as soon as ctx ends, although the terminal
// still waits for input, and io.EOF at the end of the input.
func (l lineReader) next(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := l.in.ReadString('\n')
		if errors.Is(err, io.EOF) && line != "" {
			err = nil // the last line has no end
		}
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, io.EOF) {
			AwaitInterrupt(ctx, l.terminal)
		}
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// oneByteReader reads one byte at a time.
type oneByteReader struct{ in io.Reader }

// Read reads at most one byte.
func (r oneByteReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return r.in.Read(p[:1])
}
