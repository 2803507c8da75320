package session

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

// SignInOptions are the flags of commands that may sign the user in: how the
// sign-in page is reached and how the answer comes back.
type SignInOptions struct {
	Device       bool // sign in with a device code
	NoBrowser    bool // the user opens the sign-in page by hand
	RedirectPort int  // 0 is the configured port
}

// Bind adds the flags to those of a command.
func (o *SignInOptions) Bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Device, "device-code", false, "sign in with a code on another device (preview)")
	f.BoolVar(&o.Device, "use-device-code", false, "the same as --device-code")
	f.Lookup("use-device-code").Hidden = true
	f.BoolVar(&o.NoBrowser, "no-browser", false, "print the sign-in address instead of opening it")
	f.IntVar(&o.RedirectPort, "redirect-port", 0, "local `port` of the redirect URI (default: any free port)")
}

// Check returns a Usage fault if a value is invalid.
func (o *SignInOptions) Check() error {
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

// SignIn signs the user in: in their browser, or with a device code if they asked
// for one or no browser can be used.
func (s *Session) SignIn(ctx context.Context, r auth.Request) (auth.Token, error) {
	if err := s.checkPrompt(r); err != nil {
		return auth.Token{}, err
	}
	if s.usesCode() {
		return s.signInWithCode(ctx, r)
	}
	until := time.Now().Add(s.Globals.Wait)
	defer s.Progress.Waiting(func() string {
		return "Waiting for you to sign in: " + terminal.Left(until) + " left, Ctrl-C cancels."
	})()
	return s.Auth.Interactive(ctx, r)
}

// usesCode reports whether a sign-in uses a device code.
func (s *Session) usesCode() bool { return s.SignInOptions.Device || s.noUsableBrowser() }

// checkPrompt returns the fault of a sign-in that no user could complete here.
func (s *Session) checkPrompt(r auth.Request) error {
	if !s.SignInOptions.Device && s.noUsableBrowser() && !s.Facts.Interactive {
		return s.nobodyToType(r)
	}
	return nil
}

func (s *Session) signInWithCode(ctx context.Context, r auth.Request) (auth.Token, error) {
	hide := func() {}
	defer func() { hide() }()
	return s.Auth.Device(ctx, r, func(p auth.Prompt) {
		if s.Progress.IsJSON() {
			s.Progress.Event(command.Event{Event: "device-code", URL: p.Page, Code: p.Code, Expires: &p.Expires})
			return
		}
		if !s.SignInOptions.Device {
			s.Say("This container cannot open a browser; using a device code instead.")
		}
		where := " on any device"
		if how := command.Reach(s.Facts, p.Page); how != "" {
			s.Say("%s", how)
			where = ""
		} else if len(command.LocalPorts(p.Page)) > 0 {
			where = " in a browser on this machine"
		}
		s.Say("Open this page%s and type the code (preview in external tenants):\n\n"+
			"  page  %s\n  code  %s\n\nThe code expires at %s; Ctrl-C cancels.",
			where, p.Page, p.Code, p.Expires.Local().Format(time.TimeOnly))
		hide = s.Progress.Waiting(func() string {
			return "Waiting for the code: " + terminal.Left(p.Expires) + " left, Ctrl-C cancels."
		})
	})
}

// noUsableBrowser reports whether this is a container that cannot open a browser
// and whose loopback ports no browser outside can reach. It returns false if the
// user chose a browser, and over SSH, because a port can be forwarded there.
func (s *Session) noUsableBrowser() bool {
	chosen := s.Env.OpenBrowser != nil || s.Env.Getenv("PROFILECTL_BROWSER") != "" || s.Env.Getenv("BROWSER") != ""
	if !s.Facts.Container || chosen || s.Facts.SSH || s.SignInOptions.NoBrowser {
		return false
	}
	return len(s.Browser().Plan("").Commands) == 0
}

// nobodyToType is the fault of a sign-in that would need a device code, in a run
// without a terminal. Waiting for the code would only end with a timeout.
func (s *Session) nobodyToType(r auth.Request) error {
	f := &fault.Error{
		Kind: fault.SignIn,
		What: "a sign-in is needed, and this container has neither a browser nor a terminal",
		Fix: "run `" + s.Command("profilectl login") + "` in a terminal first, " +
			"or use --device-code and watch the output for the code",
	}
	if r.Account != nil {
		f.Kind = fault.StepUp
		f.What = "a second factor is needed, and this container has neither a browser nor a terminal"
		f.Fix = "run `" + s.Command("profilectl login --with-edit") + "` in a terminal first, " +
			"or use --device-code and watch the output for the code"
	}
	return f
}
