package cli

import (
	"fmt"

	"github.com/profilectl/profilectl/internal/output"
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

// print reports a result: as data if a format was requested, otherwise as a
// sentence on standard error.
func (s *session) print(v any, sentence string) error {
	if s.printer.Plain() {
		s.say("%s", sentence)
		return nil
	}
	return s.printer.Print(v, output.Table{})
}

// printLine reports a result whose plain form is one line of data.
func (s *session) printLine(v any, line string) error {
	if s.printer.Plain() {
		_, err := fmt.Fprintln(s.env.Stdout, line)
		return err
	}
	return s.printer.Print(v, output.Table{})
}
