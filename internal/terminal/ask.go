package terminal

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/profilectl/profilectl/internal/wrap"
)

// Question asks for one line of text.
type Question struct {
	Label   string // such as "Client ID"
	Default string // the answer if the line is empty; "" has no default
	// Check returns the value that an answer stands for, or why the answer cannot be
	// used; then the question is repeated. It may take as long as a request.
	Check func(ctx context.Context, answer string) (value string, err error)
}

// Asker asks questions on a terminal, one after the other. It works with every kind of
// terminal and with screen readers.
type Asker struct {
	lines   lineReader
	out     io.Writer
	explain func(error) string
}

// NewAsker returns an Asker. explain words the error of a Check for the user.
func NewAsker(in io.Reader, out io.Writer, explain func(error) string) *Asker {
	return &Asker{lines: newLineReader(in), out: out, explain: explain}
}

// Ask returns the value of the first answer that can be used. It fails with a Canceled
// fault if the input ends or ctx is done.
func (a *Asker) Ask(ctx context.Context, q Question) (string, error) {
	prompt := q.Label + ": "
	if q.Default != "" {
		prompt = fmt.Sprintf("%s [%s]: ", q.Label, q.Default)
	}
	for {
		_, _ = io.WriteString(a.out, prompt)
		line, err := a.lines.next(ctx)
		if err != nil {
			_, _ = fmt.Fprintln(a.out)
			return "", canceled(err)
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = q.Default
		}
		value, err := q.Check(ctx, answer)
		if err == nil {
			return value, nil
		}
		if ctx.Err() != nil {
			return "", canceled(ctx.Err())
		}
		width := 0
		if isTerminal(a.out) {
			width, _ = size(a.out)
		}
		_, _ = fmt.Fprintln(a.out, wrap.Hang("  ", a.explain(err), width))
	}
}
