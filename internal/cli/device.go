package cli

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/terminal"
)

// deviceOption is the flag of commands that may sign a person in.
type deviceOption bool

func (o *deviceOption) bind(f *pflag.FlagSet) {
	f.BoolVar((*bool)(o), "device-code", false, "sign in with a code on another device (preview in external tenants)")
	f.BoolVar((*bool)(o), "use-device-code", false, "the same as --device-code")
	f.Lookup("use-device-code").Hidden = true
}

// signIn lets a person sign in: at their browser, or on another device if they
// said so or nothing else can work.
func (s *session) signIn(ctx context.Context, r auth.Request) (auth.Token, error) {
	s.attended = true
	if !s.device && !s.closedIn() {
		until := time.Now().Add(s.globals.Wait)
		defer s.progress.status.Show(0, func() string {
			return "Waiting for you to sign in at the browser: " + terminal.Left(until) + " left, Ctrl-C stops."
		})()
		return s.auth.Interactive(ctx, r)
	}
	hide := func() {}
	defer func() { hide() }()
	return s.auth.Device(ctx, r, func(p auth.Prompt) {
		if s.progress.event(event{Event: "device-code", URL: p.Page, Code: p.Code, Expires: &p.Expires}); s.progress.json {
			return
		}
		s.say("Open this page on any device and type the code (preview in external tenants):\n\n  page  %s\n  code  %s\n\nThe code is good until %s; Ctrl-C stops.",
			p.Page, p.Code, p.Expires.Local().Format(time.TimeOnly))
		hide = s.progress.status.Show(0, func() string {
			return "Waiting for the code to be typed: " + terminal.Left(p.Expires) + " left, Ctrl-C stops."
		})
	})
}

// closedIn tells a container, where no browser can open and a browser outside
// does not reach the loopback port. A person who has chosen a browser, or over
// SSH, where a port can be forwarded, is taken at their word.
func (s *session) closedIn() bool {
	chosen := s.env.OpenBrowser != nil || s.env.Getenv("PROFILECTL_BROWSER") != "" || s.env.Getenv("BROWSER") != ""
	if !s.facts.Container || chosen || s.facts.SSH || s.noBrowser {
		return false
	}
	s.say("No browser can open in this container, and none outside reaches its ports: signing in with a code instead.")
	return true
}
