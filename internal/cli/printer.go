package cli

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

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

// checkOutput checks --output, --jq and --query.
func checkOutput(env Env, g *globals) error {
	p, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	return p.Check()
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

// pageHelp shows the help of all commands and the help topics in the pager.
func pageHelp(root *cobra.Command, env Env, g *globals) {
	show := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		out := c.OutOrStdout()
		var text bytes.Buffer
		c.SetOut(&text)
		show(c, args)
		c.SetOut(out)
		help := wrapFlags(text.Bytes())
		if err := page(env, g, help); err != nil {
			_, _ = out.Write(help)
		}
	})
}
