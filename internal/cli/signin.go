package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// signInOptions are the flags of commands that may sign the user in: how the
// sign-in page is reached and how the answer comes back.
type signInOptions struct {
	Device       bool // sign in with a device code
	NoBrowser    bool // the user opens the sign-in page by hand
	RedirectPort int  // 0 is the configured port
}

// bind adds the flags to those of a command.
func (o *signInOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Device, "device-code", false, "sign in with a code on another device (preview)")
	f.BoolVar(&o.Device, "use-device-code", false, "the same as --device-code")
	f.Lookup("use-device-code").Hidden = true
	f.BoolVar(&o.NoBrowser, "no-browser", false, "print the sign-in address instead of opening it")
	f.IntVar(&o.RedirectPort, "redirect-port", 0, "local `port` of the redirect URI (default: any free port)")
}

// check returns a Usage fault if a value is invalid.
func (o *signInOptions) check() error {
	const lastPort = 65535
	if o.RedirectPort >= 0 && o.RedirectPort <= lastPort {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("%d is not a valid port", o.RedirectPort),
		Fix:  "use --redirect-port with a port between 1 and 65535",
	}
}

// signIn signs the user in: in their browser, or with a device code if they asked
// for one or no browser can be used.
func (s *session) signIn(ctx context.Context, r auth.Request) (auth.Token, error) {
	if err := s.checkPrompt(r); err != nil {
		return auth.Token{}, err
	}
	if s.usesCode() {
		return s.signInWithCode(ctx, r)
	}
	until := time.Now().Add(s.globals.Wait)
	defer s.progress.Waiting(func() string {
		return "Waiting for you to sign in: " + terminal.Left(until) + " left, Ctrl-C cancels."
	})()
	return s.auth.Interactive(ctx, r)
}

// usesCode reports whether a sign-in uses a device code.
func (s *session) usesCode() bool { return s.signInOptions.Device || s.noUsableBrowser() }

// checkPrompt returns the fault of a sign-in that no user could complete here.
func (s *session) checkPrompt(r auth.Request) error {
	if !s.signInOptions.Device && s.noUsableBrowser() && !s.facts.Interactive {
		return s.nobodyToType(r)
	}
	return nil
}

func (s *session) signInWithCode(ctx context.Context, r auth.Request) (auth.Token, error) {
	hide := func() {}
	defer func() { hide() }()
	return s.auth.Device(ctx, r, func(p auth.Prompt) {
		if s.progress.IsJSON() {
			s.progress.Event(command.Event{Event: "device-code", URL: p.Page, Code: p.Code, Expires: &p.Expires})
			return
		}
		if !s.signInOptions.Device {
			s.say("This container cannot open a browser; using a device code instead.")
		}
		where := " on any device"
		if how := command.Reach(s.facts, p.Page); how != "" {
			s.say("%s", how)
			where = ""
		} else if len(command.LocalPorts(p.Page)) > 0 {
			where = " in a browser on this machine"
		}
		s.say("Open this page%s and type the code (preview in external tenants):\n\n"+
			"  page  %s\n  code  %s\n\nThe code expires at %s; Ctrl-C cancels.",
			where, p.Page, p.Code, p.Expires.Local().Format(time.TimeOnly))
		hide = s.progress.Waiting(func() string {
			return "Waiting for the code: " + terminal.Left(p.Expires) + " left, Ctrl-C cancels."
		})
	})
}

// noUsableBrowser reports whether this is a container that cannot open a browser
// and whose loopback ports no browser outside can reach. It returns false if the
// user chose a browser, and over SSH, because a port can be forwarded there.
func (s *session) noUsableBrowser() bool {
	chosen := s.env.OpenBrowser != nil || s.env.Getenv("PROFILECTL_BROWSER") != "" || s.env.Getenv("BROWSER") != ""
	if !s.facts.Container || chosen || s.facts.SSH || s.signInOptions.NoBrowser {
		return false
	}
	return len(s.browser().Plan("").Commands) == 0
}

// nobodyToType is the fault of a sign-in that would need a device code, in a run
// without a terminal. Waiting for the code would only end with a timeout.
func (s *session) nobodyToType(r auth.Request) error {
	f := &fault.Error{
		Kind: fault.SignIn,
		What: "a sign-in is needed, and this container has neither a browser nor a terminal",
		Fix: "run `" + s.command("profilectl login") + "` in a terminal first, " +
			"or use --device-code and watch the output for the code",
	}
	if r.Account != nil {
		f.Kind = fault.StepUp
		f.What = "a second factor is needed, and this container has neither a browser nor a terminal"
		f.Fix = "run `" + s.command("profilectl login --with-edit") + "` in a terminal first, " +
			"or use --device-code and watch the output for the code"
	}
	return f
}
