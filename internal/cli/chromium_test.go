package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

// chromium starts a real headless browser, or skips where there is none.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatal("Chromium is not installed")
		}
		t.Skip("Chromium is not installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // the first call starts the browser and must have no limit
		t.Fatal(err)
	}
	return ctx
}

// limited gives what is done on a page half a minute.
func limited(t *testing.T, tab context.Context) context.Context {
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// step is something that the person does on a page.
type step = chromedp.Action[chromedp.Void]

// screenshot keeps what the browser shows, where a person wants to look at it.
func screenshot(t *testing.T, tab context.Context) {
	t.Helper()
	dir := os.Getenv("PROFILECTL_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, time.Now().Format("150405.000")+".png"), picture, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// atBrowser is a person before a tenant, with a real browser.
type atBrowser struct {
	t     *testing.T
	tab   context.Context
	stage *stage
	*session
	pages chan string // that the session opens
}

func newAtBrowser(t *testing.T, g globals) *atBrowser {
	t.Helper()
	b := &atBrowser{t: t, tab: chromium(t), pages: make(chan string, 1)}
	var err error
	if b.stage, err = startStage(t.Context(), System(), &globals{}, stageOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stage.close)
	b.open(g)
	return b
}

// open begins a session, whose pages go to the browser.
func (b *atBrowser) open(g globals) {
	b.t.Helper()
	inside := b.stage.inside(System())
	inside.OpenBrowser = func(_ context.Context, url string) error { b.pages <- url; return nil }
	g.Output, g.Timeout = "table", 30*time.Second
	var err error
	if b.session, err = openSession(b.t.Context(), inside, &g, sessionOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

// signsIn is a sign-in that has begun.
type signsIn struct {
	token auth.Token
	ended chan error
}

// begin starts a sign-in and returns it with the page to open.
func (b *atBrowser) begin(r auth.Request) (*signsIn, string) {
	s := &signsIn{ended: make(chan error, 1)}
	go func() {
		var err error
		s.token, err = b.auth.Interactive(b.t.Context(), r)
		s.ended <- err
	}()
	return s, <-b.pages
}

// do acts on the page, or says what it shows instead.
func (b *atBrowser) do(steps ...step) {
	b.t.Helper()
	if err := chromedp.Do(limited(b.t, b.tab), steps...); err != nil {
		text, _ := chromedp.Run(limited(b.t, b.tab), chromedp.Text("body"))
		b.t.Fatalf("%v; the browser shows:\n%s", err, text)
	}
}

// shows waits for the last page of a sign-in and returns its text.
func (b *atBrowser) shows(main string) string {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(main)))
	screenshot(b.t, b.tab)
	text, err := chromedp.Run(limited(b.t, b.tab), chromedp.Text(main))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// signIn goes through a whole sign-in.
func (b *atBrowser) signIn(r auth.Request, steps ...step) auth.Token {
	b.t.Helper()
	s, page := b.begin(r)
	b.do(append([]step{chromedp.Navigate(page)}, steps...)...)
	b.shows("main.ok")
	if err := <-s.ended; err != nil {
		b.t.Fatal(err)
	}
	return s.token
}

// password types the user's address and a password.
func (b *atBrowser) password(email, password string) step {
	return steps(chromedp.WaitVisible(chromedp.CSS("#sign-in")), chromedp.SetValue(chromedp.CSS("#email"), email),
		chromedp.SendKeys(chromedp.CSS("#password"), password), chromedp.Click(chromedp.CSS("#sign-in button")))
}

// code types the newest code that was mailed.
func (b *atBrowser) code(email string) step {
	return steps(chromedp.WaitVisible(chromedp.CSS("#code")), func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		return chromedp.SendKeys(chromedp.CSS("#code"), b.stage.tenant.Mail(email)[0].Code)(ctx, target)
	}, chromedp.Click(chromedp.CSS("#code-form button")))
}

// steps joins steps to one.
func steps(all ...step) step {
	return func(ctx context.Context, target *chromedp.Target) (done chromedp.Void, err error) {
		for _, s := range all {
			if done, err = s(ctx, target); err != nil {
				return done, err
			}
		}
		return done, nil
	}
}

// TestTheJourneyInARealBrowser signs in and steps up through Chromium: the
// pages work with its rules for forms, redirects and content security, and with
// its idea of what localhost is.
func TestTheJourneyInARealBrowser(t *testing.T) {
	b := newAtBrowser(t, globals{})
	facts := b.stage.facts
	read := b.signIn(auth.Request{Scopes: graphScopes()},
		b.password(facts.User, "not this one"), chromedp.WaitVisible(chromedp.CSS("#problem")), b.password(facts.User, facts.Password))
	scopes := []string{facts.EditScope}
	_, demand, err := b.auth.Silent(t.Context(), read.Account, scopes, nil)
	if err != nil || demand == nil {
		t.Fatalf("got %v, %v, want a challenge", demand, err)
	}
	edit := b.signIn(auth.Request{Scopes: scopes, Account: &read.Account, Answer: demand}, b.code(facts.User))
	change := profile.Change{}
	if err := change.Set("displayName", "Ada L."); err != nil {
		t.Fatal(err)
	}
	if demand, err := b.midtier.Update(t.Context(), edit.Access, change); err != nil || demand != nil {
		t.Fatalf("update: %v, %v", demand, err)
	}
	if got := b.stage.tenant.Profile(facts.User)["displayName"]; *got != "Ada L." {
		t.Errorf("the display name is %q", *got)
	}

	// the browser's own session spares the password, until logout --browser
	b.signIn(auth.Request{Scopes: graphScopes(), Account: &read.Account})
	ended := make(chan error, 1)
	go func() { ended <- b.endBrowserSession(t.Context()) }()
	b.do(chromedp.Navigate(<-b.pages), chromedp.WaitVisible(chromedp.CSS("main")))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	b.signIn(auth.Request{Scopes: graphScopes(), Account: &read.Account}, b.password(facts.User, facts.Password))
}

func TestCancellingInARealBrowser(t *testing.T) {
	b := newAtBrowser(t, globals{})
	s, page := b.begin(auth.Request{Scopes: graphScopes()})
	b.do(chromedp.Navigate(page), chromedp.Click(chromedp.CSS("#cancel button")))
	if text := b.shows("main[role=alert]"); !strings.Contains(text, "Signing in did not work") || !strings.Contains(text, "cancelled") {
		t.Errorf("the page says %q", text)
	}
	if f := fault.As(<-s.ended); f.Kind != fault.Canceled {
		t.Errorf("got %v", f)
	}
}

func TestSigningUpInARealBrowser(t *testing.T) {
	b := newAtBrowser(t, globals{})
	const email = "new@contoso.example"
	got := b.signIn(auth.Request{Scopes: graphScopes(), Prompt: "create"},
		chromedp.SendKeys(chromedp.CSS("#email"), email), chromedp.SendKeys(chromedp.CSS("#password"), "a new password"),
		chromedp.SendKeys(chromedp.CSS("#name"), "New Person"), chromedp.Click(chromedp.CSS("#sign-up button")), b.code(email))
	if name := b.stage.tenant.Profile(email)["displayName"]; got.Account.Username != email || name == nil || *name != "New Person" {
		t.Errorf("got %s with the name %v", got.Account.Username, name)
	}
}

// TestAClosedTab: the sign-in ends by its limit, and the next one works.
func TestAClosedTab(t *testing.T) {
	b := newAtBrowser(t, globals{Wait: 3 * time.Second})
	s, page := b.begin(auth.Request{Scopes: graphScopes()})
	b.do(chromedp.Navigate(page), chromedp.Navigate("about:blank"))
	if f := fault.As(<-s.ended); f.Kind != fault.SignIn || f.What != "no answer came from the browser within 3s" {
		t.Errorf("got %v", f)
	}
	b.open(globals{})
	b.signIn(auth.Request{Scopes: graphScopes()}, b.password(b.stage.facts.User, b.stage.facts.Password))
}

// TestADriveByCannotDisturbASignIn opens a hostile page in the browser that
// signs in: it loads, fetches and posts to the redirect URI what a page can.
func TestADriveByCannotDisturbASignIn(t *testing.T) {
	b := newAtBrowser(t, globals{})
	facts := b.stage.facts
	s, page := b.begin(auth.Request{Scopes: graphScopes()})
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	target := u.Query().Get("redirect_uri") + "/"
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<img src="%[1]sfavicon.ico"><iframe src="%[1]s"></iframe><link rel="preconnect" href="%[1]s">
<form method="post" action="%[1]s"><input name="error" value="access_denied"><input name="state" value="guess"></form>
<script>
const send = (mode) => fetch("%[1]s", {method: "POST", mode, body: new URLSearchParams({error: "access_denied", state: "guess"})}).catch(() => {});
Promise.all([send("no-cors"), send("cors"), fetch("%[1]s?code=x&state=guess", {mode: "no-cors"}).catch(() => {})]).then(() => document.forms[0].submit())
</script>`, target)
	}))
	t.Cleanup(hostile.Close)
	b.do(chromedp.Navigate(hostile.URL))
	if text := b.shows("main[role=alert]"); !strings.Contains(text, "Nothing to see here") {
		t.Errorf("the page says %q", text)
	}
	b.do(chromedp.Navigate(page), b.password(facts.User, facts.Password))
	b.shows("main.ok")
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
