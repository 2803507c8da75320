package cli

import (
	"context"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// opener returns a func that shows the sign-in page to the user. It always prints
// the address, and then opens the browser if there is one.
func (s *session) opener() func(context.Context, auth.Page) error {
	return func(ctx context.Context, page auth.Page) error {
		if !s.signInOptions.NoBrowser && s.env.OpenBrowser != nil {
			return s.env.OpenBrowser(ctx, page.URL)
		}
		if s.progress.IsJSON() {
			s.progress.Event(command.Event{Event: "sign-in", URL: page.URL, Port: page.Port})
		} else {
			s.say("Open this page to sign in:\n\n  %s\n", page.URL)
		}
		if !s.signInOptions.NoBrowser {
			err := s.browser().Open(ctx, page.URL)
			if err == nil {
				return nil
			}
			s.say("No browser was opened: %v.", err)
		}
		if s.facts.SSH {
			s.say("%s", command.Forwarding(append(command.LocalPorts(page.URL), page.Port)...))
		}
		return nil
	}
}

// explainHTTPS explains why the browser shows an error instead of the outcome.
func (s *session) explainHTTPS() {
	s.say("The browser tried to return with https, but this address needs http: another program on\n" +
		"localhost once told the browser to use only https there (HSTS). Delete localhost from that list\n" +
		"(in Chrome and Edge: chrome://net-internals/#hsts), or open the page in another browser.")
}

// endBrowserSession opens the tenant's sign-out page.
func (s *session) endBrowserSession(ctx context.Context) error {
	page := s.authority.EndSessionEndpoint
	switch {
	case page == "":
		return &fault.Error{
			Kind: fault.Denied,
			What: "the tenant has no sign-out page",
			Fix:  "close the browser to end its session",
		}
	case s.globals.NoInput:
		return s.needsUser(fault.SignIn, "a browser is needed to end its session", "profilectl logout --browser")
	case s.env.OpenBrowser != nil:
		return s.env.OpenBrowser(ctx, page)
	}
	s.say("Open this page to end the browser's session:\n\n  %s\n", page)
	if err := s.browser().Open(ctx, page); err != nil {
		s.say("No browser was opened: %v.", err)
	}
	return nil
}

// browser returns what opens pages in the user's browser.
func (s *session) browser() terminal.Opener {
	return s.env.Browser(s.facts, func(error) {
		s.say("The browser did not open. Open the page above yourself.")
	})
}
