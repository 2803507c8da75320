package command

import (
	"bytes"

	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
)

// NewPrinter returns the printer for results that --output and Filter describe.
func NewPrinter(env Env, g *Globals) (output.Printer, error) {
	format, err := output.ParseFormat(g.Output)
	if err != nil {
		return output.Printer{}, err
	}
	facts := env.Facts()
	return output.Printer{
		Out:    env.Stdout,
		Format: format,
		TTY:    facts.StdoutTTY,
		Width:  facts.Width,
		Filter: g.Filter,
	}, nil
}

// Page shows text on standard output, in the user's pager if it is longer than the
// terminal.
func Page(env Env, g *Globals, text []byte) error {
	return terminal.Pager{
		Capabilities: g.Facts(env),
		Environ:      env.Environ(),
		Stdout:       env.Stdout,
		Stderr:       env.Stderr,
	}.Show(text)
}

// PrintPaged prints a result that may be longer than the terminal.
func PrintPaged(env Env, g *Globals, p output.Printer, v any, t output.Table) error {
	var text bytes.Buffer
	p.Out = &text
	if err := p.Print(v, t); err != nil {
		return err
	}
	return Page(env, g, text.Bytes())
}
