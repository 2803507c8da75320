package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/terminal"
)

// opener returns a func that shows the sign-in page to the user. It always prints
// the address, and then opens the browser if there is one.
func (s *session) opener() func(context.Context, auth.Page) error {
	return func(ctx context.Context, page auth.Page) error {
		if !s.signInOptions.NoBrowser && s.env.OpenBrowser != nil {
			return s.env.OpenBrowser(ctx, page.URL)
		}
		if s.progress.json {
			s.progress.event(event{Event: "sign-in", URL: page.URL, Port: page.Port})
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
			s.say("%s", forwarding(append(localPorts(page.URL), page.Port)...))
		}
		return nil
	}
}

// reach returns how the browser of another machine can open a page of this one, or "" if it
// can open the page anyway, or nothing is known to help.
func reach(facts terminal.Capabilities, page string) string {
	ports := localPorts(page)
	switch {
	case len(ports) == 0:
		return ""
	case facts.SSH:
		return forwarding(ports...)
	case facts.Container && !facts.Display:
		return fmt.Sprintf("The page is in this container. To use a browser outside, start the container "+
			"with the port published, and the sandbox on all addresses of the container:\n\n"+
			"  podman run -p 127.0.0.1:%[1]d:%[1]d …\n  profilectl sandbox --bind 0.0.0.0\n", ports[0])
	}
	return ""
}

// forwarding returns how the browser of the machine that a user came from by SSH reaches
// ports of this machine.
func forwarding(ports ...int) string {
	text := "To use the browser of your own machine, first run this command there:\n\n  ssh -N"
	for _, port := range ports {
		text += fmt.Sprintf(" -L %[1]d:localhost:%[1]d", port)
	}
	return text + " HOST\n"
}

// localPorts returns the port of a page that only browsers on this machine can open, as those
// of the sandbox, or none.
func localPorts(page string) []int {
	u, err := url.Parse(page)
	if err != nil || !loopback.IsHost(u.Hostname()) {
		return nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return nil
	}
	return []int{port}
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

func (s *session) browser() terminal.Opener {
	return terminal.Opener{
		Capabilities: s.facts,
		Getenv:       s.env.Getenv,
		Self:         []string{s.env.Self, openURLCommand},
		Failed:       func(error) { s.say("The browser did not open. Open the page above yourself.") },
	}
}
