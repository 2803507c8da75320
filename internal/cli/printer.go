package cli

import (
	"bytes"

	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
)

// newPrinter returns the printer for results that --output, --jq and --query
// describe.
func newPrinter(env Env, g *globals) (output.Printer, error) {
	format, err := output.ParseFormat(g.Output)
	if err != nil {
		return output.Printer{}, err
	}
	facts := env.facts()
	return output.Printer{
		Out:    env.Stdout,
		Format: format,
		TTY:    facts.StdoutTTY,
		Width:  facts.Width,
		JQ:     g.JQ,
		Query:  g.Query,
	}, nil
}

// page shows text on standard output, in the user's pager if it is longer than the
// terminal.
func page(env Env, g *globals, text []byte) error {
	return terminal.Pager{
		Capabilities: g.facts(env),
		Environ:      env.Environ(),
		Stdout:       env.Stdout,
		Stderr:       env.Stderr,
	}.Show(text)
}

// printPaged prints a result that may be longer than the terminal.
func printPaged(env Env, g *globals, p output.Printer, v any, t output.Table) error {
	var text bytes.Buffer
	p.Out = &text
	if err := p.Print(v, t); err != nil {
		return err
	}
	return page(env, g, text.Bytes())
}
