package session

import (
	"context"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// Opener returns a func that shows the sign-in page to the user. It always prints
// the address, and then opens the browser if there is one.
func (s *Session) Opener() func(context.Context, auth.Page) error {
	return func(ctx context.Context, page auth.Page) error {
		if !s.SignInOptions.NoBrowser && s.Env.OpenBrowser != nil {
			return s.Env.OpenBrowser(ctx, page.URL)
		}
		if s.Progress.IsJSON() {
			s.Progress.Event(command.Event{Event: "sign-in", URL: page.URL, Port: page.Port})
		} else {
			s.Say("Open this page to sign in:\n\n  %s\n", page.URL)
		}
		if !s.SignInOptions.NoBrowser {
			err := s.Browser().Open(ctx, page.URL)
			if err == nil {
				return nil
			}
			s.Say("No browser was opened: %v.", err)
		}
		if s.Facts.SSH {
			s.Say("%s", command.Forwarding(append(command.LocalPorts(page.URL), page.Port)...))
		}
		return nil
	}
}

// ExplainHTTPS explains why the browser shows an error instead of the outcome.
func (s *Session) ExplainHTTPS() {
	s.Say("The browser tried to return with https, but this address needs http: another program on\n" +
		"localhost once told the browser to use only https there (HSTS). Delete localhost from that list\n" +
		"(in Chrome and Edge: chrome://net-internals/#hsts), or open the page in another browser.")
}

// EndBrowserSession opens the tenant's sign-out page.
func (s *Session) EndBrowserSession(ctx context.Context) error {
	page := s.Authority.EndSessionEndpoint
	switch {
	case page == "":
		return &fault.Error{
			Kind: fault.Denied,
			What: "the tenant has no sign-out page",
			Fix:  "close the browser to end its session",
		}
	case s.Globals.NoInput:
		return s.NeedsUser(fault.SignIn, "a browser is needed to end its session", "profilectl logout --browser")
	case s.Env.OpenBrowser != nil:
		return s.Env.OpenBrowser(ctx, page)
	}
	s.Say("Open this page to end the browser's session:\n\n  %s\n", page)
	if err := s.Browser().Open(ctx, page); err != nil {
		s.Say("No browser was opened: %v.", err)
	}
	return nil
}

// Browser returns what opens pages in the user's browser.
func (s *Session) Browser() terminal.Opener {
	return s.Env.Browser(s.Facts, func(error) {
		s.Say("The browser did not open. Open the page above yourself.")
	})
}
