package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// say tells the person something that is no result.
func (s *session) say(format string, args ...any) { s.progress.say(format, args...) }

func (s *session) warnNotSaved(t auth.Token) {
	if f, ok := errors.AsType[*fault.Error](t.NotSaved); ok && !s.warned {
		s.warned = true
		s.say("warning: the sign-in could not be saved and ends with this command: %s", f.What)
		s.say("  fix: %s", f.Fix)
	}
}

func newPrinter(env Env, g *globals) (output.Printer, error) {
	format, err := output.ParseFormat(g.Output)
	if err != nil {
		return output.Printer{}, err
	}
	facts := env.facts()
	return output.Printer{Out: env.Stdout, Format: format, TTY: facts.StdoutTTY, Width: facts.Width, JQ: g.JQ, Query: g.Query}, nil
}

// print reports a result: as data where a format was asked for, else as a
// sentence.
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

// diff is the changes as a person reads them before they are sent.
func diff(changes []profile.Difference, color bool) string {
	var rows []terminal.Change
	for _, d := range changes {
		rows = append(rows, terminal.Change{Field: d.Field, Before: output.Plain(shown(d.Before)), After: output.Plain(shown(d.After))})
	}
	return terminal.Diff(rows, color)
}

func shown(value *string) string {
	if value == nil {
		return "(none)"
	}
	return *value
}

// quote makes foreign text safe inside a message.
func quote(s string) string {
	const most = 64
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}

// opener shows the person a sign-in page: the address first, always; then the
// browser, where one can be opened.
func (s *session) opener() func(context.Context, auth.Page) error {
	return func(ctx context.Context, page auth.Page) error {
		if !s.noBrowser && s.env.OpenBrowser != nil {
			return s.env.OpenBrowser(ctx, page.URL)
		}
		if s.progress.event(event{Event: "sign-in", URL: page.URL, Port: page.Port}); !s.progress.json {
			s.say("Open this page to sign in:\n\n  %s\n", page.URL)
		}
		if !s.noBrowser {
			err := s.browser().Open(ctx, page.URL)
			if err == nil {
				return nil
			}
			s.say("No browser was opened: %v.", err)
		}
		if s.facts.SSH {
			s.say("To use the browser of your own machine, run this there and then open the page:\n\n  ssh -N -L %d:localhost:%d HOST\n", page.Port, page.Port)
		}
		return nil
	}
}

// show opens a page that nothing comes back from.
func (s *session) show(ctx context.Context, address string) error {
	if s.env.OpenBrowser != nil {
		return s.env.OpenBrowser(ctx, address)
	}
	s.say("Open this page to end the browser's session:\n\n  %s\n", address)
	if err := s.browser().Open(ctx, address); err != nil {
		s.say("No browser was opened: %v.", err)
	}
	return nil
}

func (s *session) browser() terminal.Opener {
	return terminal.Opener{
		Facts: s.facts, Getenv: s.env.Getenv, Self: []string{s.env.Self, openURLCommand},
		Failed: func(error) { s.say("The browser did not open. Open the page above yourself.") },
	}
}
