package cli

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/terminal"
)

// deviceOption is the flag of commands that may sign the user in.
type deviceOption bool

func (o *deviceOption) bind(f *pflag.FlagSet) {
	f.BoolVar((*bool)(o), "device-code", false, "sign in with a code on another device (preview)")
	f.BoolVar((*bool)(o), "use-device-code", false, "the same as --device-code")
	f.Lookup("use-device-code").Hidden = true
}

// signIn signs the user in: in their browser, or on another device if they asked
// for that or no browser can be used.
func (s *session) signIn(ctx context.Context, r auth.Request) (auth.Token, error) {
	if !s.device && !s.noUsableBrowser() {
		until := time.Now().Add(s.globals.Wait)
		defer s.progress.status.Show(0, func() string {
			return "Waiting for the sign-in in your browser: " + terminal.Left(until) + " left, Ctrl-C cancels."
		})()
		return s.auth.Interactive(ctx, r)
	}
	hide := func() {}
	defer func() { hide() }()
	return s.auth.Device(ctx, r, func(p auth.Prompt) {
		if s.progress.json {
			s.progress.event(event{Event: "device-code", URL: p.Page, Code: p.Code, Expires: &p.Expires})
			return
		}
		s.say("Open this page on any device and type the code (preview in external tenants):\n\n"+
			"  page  %s\n  code  %s\n\nThe code expires at %s; Ctrl-C cancels.",
			p.Page, p.Code, p.Expires.Local().Format(time.TimeOnly))
		hide = s.progress.status.Show(0, func() string {
			return "Waiting for the code: " + terminal.Left(p.Expires) + " left, Ctrl-C cancels."
		})
	})
}

// noUsableBrowser reports whether this is a container that cannot open a browser
// and whose loopback ports no browser outside can reach. It returns false if the
// user chose a browser, and over SSH, because a port can be forwarded there.
func (s *session) noUsableBrowser() bool {
	chosen := s.env.OpenBrowser != nil || s.env.Getenv("PROFILECTL_BROWSER") != "" || s.env.Getenv("BROWSER") != ""
	if !s.facts.Container || chosen || s.facts.SSH || s.noBrowser {
		return false
	}
	s.say("This container cannot open a browser; using a device code instead.")
	return true
}
