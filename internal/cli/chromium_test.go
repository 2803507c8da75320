package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
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

// TestTheJourneyInARealBrowser signs in and steps up through Chromium: the
// pages work with its rules for forms, redirects and content security, and with
// its idea of what localhost is.
func TestTheJourneyInARealBrowser(t *testing.T) {
	tab := chromium(t)
	env := System()
	st, err := startStage(t.Context(), env, &globals{}, stageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	pages := make(chan string, 1)
	inside := st.inside(env)
	inside.OpenBrowser = func(_ context.Context, url string) error { pages <- url; return nil }
	s, err := openSession(t.Context(), inside, &globals{Output: "table", Timeout: 30 * time.Second}, sessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(r auth.Request, steps ...step) auth.Token {
		t.Helper()
		done := make(chan error, 1)
		var token auth.Token
		go func() {
			var err error
			token, err = s.auth.Interactive(t.Context(), r)
			done <- err
		}()
		steps = append([]step{chromedp.Navigate(<-pages)}, append(steps, chromedp.WaitVisible(chromedp.CSS("main.ok")))...)
		if err := chromedp.Do(limited(t, tab), steps...); err != nil {
			text, _ := chromedp.Run(limited(t, tab), chromedp.Text("body"))
			t.Fatalf("%v; the browser shows:\n%s", err, text)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		screenshot(t, tab)
		return token
	}
	read := signIn(auth.Request{Scopes: graphScopes()},
		chromedp.SendKeys(chromedp.CSS("#email"), st.facts.User), chromedp.SendKeys(chromedp.CSS("#password"), "not this one"), chromedp.Click(chromedp.CSS("#sign-in button")),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
		chromedp.SendKeys(chromedp.CSS("#password"), st.facts.Password), chromedp.Click(chromedp.CSS("#sign-in button")))
	scopes := []string{st.facts.EditScope}
	_, demand, err := s.auth.Silent(t.Context(), read.Account, scopes, nil)
	if err != nil || demand == nil {
		t.Fatalf("got %v, %v, want a challenge", demand, err)
	}
	edit := signIn(auth.Request{Scopes: scopes, Account: &read.Account, Answer: demand},
		chromedp.WaitVisible(chromedp.CSS("#code")),
		func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			return chromedp.SendKeys(chromedp.CSS("#code"), st.tenant.Mail(st.facts.User)[0].Code)(ctx, target)
		},
		chromedp.Click(chromedp.CSS("#code-form button")))
	change := profile.Change{}
	if err := change.Set("displayName", "Ada L."); err != nil {
		t.Fatal(err)
	}
	if demand, err := s.midtier.Update(t.Context(), edit.Access, change); err != nil || demand != nil {
		t.Fatalf("update: %v, %v", demand, err)
	}
	if got := st.tenant.Profile(st.facts.User)["displayName"]; *got != "Ada L." {
		t.Errorf("the display name is %q", *got)
	}
}
