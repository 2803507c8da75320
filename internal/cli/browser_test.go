package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// TestBrowserCompletesTheJourney signs in and steps up through Chromium, which
// applies its own rules for forms, redirects, content security and localhost.
func TestBrowserCompletesTheJourney(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	facts := user.playground.Facts
	read := user.signIn(
		auth.Request{Scopes: session.GraphScopes()},
		user.enterPassword(facts.User, "not this one"),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
		user.enterPassword(facts.User, facts.Password),
	)
	scopes := []string{facts.EditScope}
	_, ch, err := user.Auth.Silent(t.Context(), read.Account, scopes, nil)
	if err != nil || ch == nil {
		t.Fatalf("got %v, %v, want a challenge", ch, err)
	}
	edit := user.signIn(
		auth.Request{Scopes: scopes, Account: &read.Account, Challenge: ch},
		user.enterCode(facts.User),
	)
	change := profile.Change{}
	if err := change.Set("displayName", "Ada L."); err != nil {
		t.Fatal(err)
	}
	if ch, err := user.MidTier.Update(t.Context(), edit.Access, change); err != nil || ch != nil {
		t.Fatalf("update: %v, %v", ch, err)
	}
	if got := user.playground.Tenant.Profile(facts.User)["displayName"]; *got != "Ada L." {
		t.Errorf("the display name is %q", *got)
	}

	// The browser's own session makes the password unnecessary, until
	// logout --browser ends it.
	user.signIn(auth.Request{Scopes: session.GraphScopes(), Account: &read.Account})
	ended := make(chan error, 1)
	go func() { ended <- user.EndBrowserSession(t.Context()) }()
	user.do(chromedp.Navigate(<-user.pages), chromedp.WaitVisible(chromedp.CSS("main")))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	user.signIn(
		auth.Request{Scopes: session.GraphScopes(), Account: &read.Account},
		user.enterPassword(facts.User, facts.Password),
	)
}

// TestBrowserCompletesTheDemo runs the demo for a user who completes its pages in Chromium,
// with what the demo prints.
func TestBrowserCompletesTheDemo(t *testing.T) {
	t.Parallel()
	user := &browserUser{t: t, tab: newChromium(t)}
	demo, out, page := startDemo(t)
	told := awaitMatch(t, out, `Sign in as (\S+) with the password (\S+); the code is sent to (\S+)\n`)
	first := awaitMatch(t, page, `(\S+)\n`)[1]
	if err := os.Remove(page); err != nil { // before the next one is there
		t.Fatal(err)
	}
	user.do(chromedp.Navigate(first), user.enterPassword(told[1], told[2]))
	user.waitForText("main.ok")
	second := awaitMatch(t, page, `(\S+)\n`)[1]
	user.do(chromedp.Navigate(second), chromedp.WaitVisible(chromedp.CSS("#code")))
	code, err := robot.Mailbox(told[3], http.DefaultTransport)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user.do(
		chromedp.SendKeys(chromedp.CSS("#code"), code),
		chromedp.Click(chromedp.CSS("#code-form button")),
	)
	user.waitForText("main.ok")
	err = demo.Wait()
	if text, _ := os.ReadFile(out); err != nil || !strings.Contains(string(text), `now "Ada Lovelace"`) {
		t.Errorf("%v\n%s", err, text)
	}
}

// startDemo starts the demo, and returns it with the files that get its output and the
// address of the page that it opens.
func startDemo(t *testing.T) (demo *exec.Cmd, out, page string) {
	t.Helper()
	dir := t.TempDir()
	opener := filepath.Join(dir, "opener")
	out, page = filepath.Join(dir, "out"), filepath.Join(dir, "page")
	script := fmt.Sprintf("#!/bin/sh\necho \"$1\" >'%[1]s.new' && mv '%[1]s.new' '%[1]s'\n", page)
	if err := os.WriteFile(opener, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	printed, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	demo = exec.CommandContext(t.Context(), "profilectl", "demo", "--browser") // TestMain has put it on PATH
	demo.Env = append(os.Environ(), "BROWSER="+opener, "TEST_BROWSER=real")
	demo.Stdout, demo.Stderr = printed, printed
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	return demo, out, page
}

// awaitMatch waits until a file matches an expression, and returns the match and its groups.
func awaitMatch(t *testing.T, file, expression string) []string {
	t.Helper()
	want := regexp.MustCompile(expression)
	var text []byte
	var match []string
	matches := waitUntil(func() bool {
		text, _ = os.ReadFile(file) // it may not exist yet
		match = want.FindStringSubmatch(string(text))
		return match != nil
	})
	if !matches {
		t.Fatalf("%s does not match %s: %s", file, expression, text)
	}
	return match
}

// With --https, Chromium loads the pages over https, and still returns to the redirect
// URI over http.
func TestBrowserSignsInOverHTTPS(t *testing.T) {
	t.Parallel()
	user := newBrowserUserAt(t, command.Globals{}, playground.Options{HTTPS: true})
	facts := user.playground.Facts
	if !strings.HasPrefix(facts.Authority, facts.Pages+"/") {
		t.Errorf("the pages are at %s", facts.Pages)
	}
	edit := auth.Request{Scopes: []string{facts.EditScope}}
	user.signIn(edit, user.enterPassword(facts.User, facts.Password), user.enterCode(facts.User))
	user.signIn(edit) // by the cookie
}

func TestBrowserCancelsASignIn(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	s, page := user.startSignIn(auth.Request{Scopes: session.GraphScopes()})
	user.do(chromedp.Navigate(page), chromedp.Click(chromedp.CSS("#cancel button")))
	text := user.waitForText("main[role=alert]")
	if !strings.Contains(text, "Sign-in failed") || !strings.Contains(text, "canceled") {
		t.Errorf("the page shows %q", text)
	}
	if f := fault.As(<-s.done); f.Kind != fault.Canceled {
		t.Errorf("got %v", f)
	}
}

func TestBrowserSignsUp(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	const email = "new@contoso.example"
	properties := user.addAttributes()
	got := user.signIn(
		auth.Request{Scopes: session.GraphScopes(), Prompt: "create"},
		chromedp.SendKeys(chromedp.CSS("#email"), email),
		chromedp.SendKeys(chromedp.CSS("#password"), "A new password"),
		chromedp.SendKeys(chromedp.CSS("#name"), "New User"),
		chromedp.SendKeys(chromedp.CSS("#question-0"), "4711"),
		chromedp.Click(chromedp.CSS("label[for=question-1]")),
		chromedp.Click(chromedp.CSS("label[for=question-2-0]")),
		chromedp.Click(chromedp.CSS("label[for=question-3-0]")),
		chromedp.Click(chromedp.CSS("label[for=question-3-1]")),
		chromedp.Click(chromedp.CSS("#sign-up button")),
		user.enterCode(email),
	)
	for i, want := range []string{"4711", "true", "vegan", "vegan,none"} {
		if value := user.playground.Tenant.Profile(email)[properties[i]]; value == nil || *value != want {
			t.Errorf("%s is %v, want %s", properties[i], value, want)
		}
	}
	name := user.playground.Tenant.Profile(email)["displayName"]
	if got.Account.Username != email || name == nil || *name != "New User" {
		t.Errorf("got %s with the name %v", got.Account.Username, name)
	}
}

// TestBrowserTabIsClosed checks that the sign-in ends at its timeout and that
// the next one works.
func TestBrowserTabIsClosed(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{Wait: 3 * time.Second})
	s, page := user.startSignIn(auth.Request{Scopes: session.GraphScopes()})
	user.do(chromedp.Navigate(page), chromedp.Navigate("about:blank"))
	const want = "the sign-in was not finished in the browser within 3s"
	if f := fault.As(<-s.done); f.Kind != fault.SignIn || f.What != want {
		t.Errorf("got %v, want %s", f, want)
	}
	user.startSession(command.Globals{})
	facts := user.playground.Facts
	user.signIn(auth.Request{Scopes: session.GraphScopes()}, user.enterPassword(facts.User, facts.Password))
}

// hostilePage loads, fetches and posts to the address in its argument all that a
// web page can send to another origin.
const hostilePage = `<img src="%[1]sfavicon.ico">
<iframe src="%[1]s"></iframe>
<link rel="preconnect" href="%[1]s">
<form method="post" action="%[1]s">
  <input name="error" value="access_denied">
  <input name="state" value="guess">
</form>
<script>
const send = (mode) => {
  const body = new URLSearchParams({error: "access_denied", state: "guess"});
  return fetch("%[1]s", {method: "POST", mode, body}).catch(() => {});
};
const get = fetch("%[1]s?code=x&state=guess", {mode: "no-cors"}).catch(() => {});
Promise.all([send("no-cors"), send("cors"), get]).then(() => document.forms[0].submit());
</script>`

// TestBrowserSignInSurvivesAHostilePage opens a page that attacks the redirect
// URI in the browser that signs in.
func TestBrowserSignInSurvivesAHostilePage(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	s, page := user.startSignIn(auth.Request{Scopes: session.GraphScopes()})
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	target := u.Query().Get("redirect_uri") + "/"
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, hostilePage, target)
	}))
	t.Cleanup(hostile.Close)
	user.do(chromedp.Navigate(hostile.URL))
	if text := user.waitForText("main[role=alert]"); !strings.Contains(text, "Nothing to see here") {
		t.Errorf("the page shows %q", text)
	}
	facts := user.playground.Facts
	user.do(chromedp.Navigate(page), user.enterPassword(facts.User, facts.Password))
	user.waitForText("main.ok")
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}
