package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/playground"
)

// newChromium starts a headless Chromium and returns the context of its tab. If
// no browser is installed, the test is skipped, or fails when
// PROFILECTL_TEST_REQUIRE is set.
func newChromium(t *testing.T, further ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromiumPath(t)),
		chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(options, further...)...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	// The first call starts the browser: its context must have no timeout.
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return tab
}

func chromiumPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
		t.Fatal("Chromium is not installed")
	}
	t.Skip("Chromium is not installed")
	return ""
}

// pageContext returns the tab's context with a timeout for the actions on one
// page.
func pageContext(t *testing.T, tab context.Context) context.Context {
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// screenshot saves a picture of the tab to a file.
func screenshot(t *testing.T, tab context.Context, file string) {
	t.Helper()
	picture, err := chromedp.Run(pageContext(t, tab), chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, picture, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// step is an action of the user on a page.
type step = chromedp.Action[chromedp.Void]

// sequence joins steps into one.
func sequence(steps ...step) step {
	return func(ctx context.Context, target *chromedp.Target) (done chromedp.Void, err error) {
		for _, s := range steps {
			if done, err = s(ctx, target); err != nil {
				return done, err
			}
		}
		return done, nil
	}
}

// browserUser is a user of a sandbox tenant who signs in through Chromium.
type browserUser struct {
	t          *testing.T
	tab        context.Context
	playground *playground.Playground
	*session.Session
	pages chan string // addresses that the session opens
}

func newBrowserUser(t *testing.T, g command.Globals) *browserUser {
	t.Helper()
	return newBrowserUserAt(t, g, playground.Options{})
}

// newBrowserUserAt returns a user of a tenant with options, whose certificate
// Chromium trusts.
func newBrowserUserAt(t *testing.T, g command.Globals, o playground.Options) *browserUser {
	t.Helper()
	o.QuickPasswords = true
	p, err := playground.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	trust := chromedp.Flag("ignore-certificate-errors-spki-list", keyHash(t, p.Facts.Authority, p.CAFile))
	u := &browserUser{t: t, tab: newChromium(t, trust), pages: make(chan string, 1), playground: p}
	u.startSession(g)
	return u
}

// keyHash returns the hash of the public key of a server's certificate, as Chromium
// expects it.
func keyHash(t *testing.T, address, caFile string) string {
	t.Helper()
	res, err := (&http.Client{Transport: sandboxTransport(caFile)}).Head(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	sum := sha256.Sum256(res.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// startSession replaces the user's session with a new one that opens its pages
// in Chromium.
func (u *browserUser) startSession(g command.Globals) {
	u.t.Helper()
	inside := command.System().Isolated(u.playground.Variables(), u.playground.Dir)
	inside.OpenBrowser = func(_ context.Context, address string) error {
		u.pages <- address
		return nil
	}
	g.Output, g.Timeout = "table", 30*time.Second
	var err error
	if u.Session, err = session.Open(u.t.Context(), inside, &g, session.Options{}); err != nil {
		u.t.Fatal(err)
	}
}

// pendingSignIn is a sign-in that waits for the user.
type pendingSignIn struct {
	token auth.Token // valid after nil was received from done
	done  chan error
}

// startSignIn starts a sign-in and returns it with the address of its page.
func (u *browserUser) startSignIn(r auth.Request) (*pendingSignIn, string) {
	s := &pendingSignIn{done: make(chan error, 1)}
	go func() {
		var err error
		s.token, err = u.Auth.Interactive(u.t.Context(), r)
		s.done <- err
	}()
	return s, <-u.pages
}

// SignIn completes a sign-in with the given steps.
func (u *browserUser) signIn(r auth.Request, steps ...step) auth.Token {
	u.t.Helper()
	s, page := u.startSignIn(r)
	u.do(append([]step{chromedp.Navigate(page)}, steps...)...)
	u.waitForText("main.ok")
	if err := <-s.done; err != nil {
		u.t.Fatal(err)
	}
	return s.token
}

// do runs steps and, if one fails, ends the test with the text of the page.
func (u *browserUser) do(steps ...step) {
	u.t.Helper()
	if err := chromedp.Do(pageContext(u.t, u.tab), steps...); err != nil {
		text, _ := chromedp.Run(pageContext(u.t, u.tab), chromedp.Text("body"))
		u.t.Fatalf("%v; the browser shows:\n%s", err, text)
	}
}

// waitForText waits until an element is visible and returns its text. It saves
// a screenshot in the directory that PROFILECTL_SCREENSHOTS names.
func (u *browserUser) waitForText(selector string) string {
	u.t.Helper()
	u.do(chromedp.WaitVisible(chromedp.CSS(selector)))
	if dir := os.Getenv("PROFILECTL_SCREENSHOTS"); dir != "" {
		screenshot(u.t, u.tab, filepath.Join(dir, time.Now().Format("150405.000")+".png"))
	}
	text, err := chromedp.Run(pageContext(u.t, u.tab), chromedp.Text(selector))
	if err != nil {
		u.t.Fatal(err)
	}
	return text
}

// enterPassword fills in the sign-in form.
func (u *browserUser) enterPassword(email, password string) step {
	return sequence(
		chromedp.WaitVisible(chromedp.CSS("#sign-in")),
		chromedp.SetValue(chromedp.CSS("#email"), email),
		chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Click(chromedp.CSS("#sign-in button")),
	)
}

// enterCode types the code that was mailed last.
func (u *browserUser) enterCode(email string) step {
	return sequence(
		chromedp.WaitVisible(chromedp.CSS("#code")),
		func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			code := u.playground.Tenant.Mail(email)[0].Code
			return chromedp.SendKeys(chromedp.CSS("#code"), code)(ctx, target)
		},
		chromedp.Click(chromedp.CSS("#code-form button")),
	)
}
