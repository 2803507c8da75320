package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
)

// scheme lets the browser prefer light or dark pages.
func scheme(name string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return chromedp.Void{}, err
	}
}

// audit returns what is wrong with a page, as a person with a small screen, a
// keyboard, a screen reader or weak eyes meets it: one line each.
const audit = `(() => {
  const wrong = [];
  const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4) };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
  if (document.scrollingElement.scrollWidth > innerWidth) wrong.push("wider than the screen");
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title.trim()) wrong.push("no title");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one heading");
  if (!document.querySelector("main")) wrong.push("no main part");
  for (const input of document.querySelectorAll("input:not([type=hidden])")) {
    if (!input.labels.length) wrong.push(input.name + " has no label");
    if (!input.autocomplete && !input.getAttribute("autocomplete")) wrong.push(input.name + " cannot be filled in by the browser");
    for (const id of (input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean)) if (!document.getElementById(id)) wrong.push(input.name + " is described by nothing");
  }
  const first = document.querySelector("input:not([type=hidden])");
  if (first && document.activeElement.tagName !== "INPUT") wrong.push("no field has the focus");
  const error = document.querySelector(".error");
  if (error && error.getAttribute("role") !== "alert") wrong.push("the error is not announced");
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length || ["STYLE", "SCRIPT", "NOSCRIPT"].includes(e.tagName)) continue;
    const style = getComputedStyle(e), [a, b] = [luminance(colour(style.color)), luminance(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) wrong.push(e.tagName + " has a contrast of " + ratio.toFixed(1));
  }
  for (const button of document.querySelectorAll("button")) { const r = button.getBoundingClientRect(); if (r.height < 24 || r.width < 24) wrong.push("the button " + button.textContent + " is too small to hit") }
  return wrong.join("; ");
})()`

// TestThePages goes through all pages on a phone and on a desktop, in light and
// dark, and looks at each. With PROFILECTL_PAGES it keeps the pictures that
// docs/sandbox.md shows.
func TestThePages(t *testing.T) {
	b := newAtBrowser(t, globals{})
	facts := b.stage.facts
	for _, screen := range []struct {
		name          string
		width, height int64
	}{{"phone", 390, 844}, {"desktop", 1280, 800}} {
		b.do(chromedp.EmulateViewport(screen.width, screen.height))
		look := func(name string) {
			t.Helper()
			for _, light := range []string{"dark", "light"} {
				b.do(scheme(light))
				if wrong, err := chromedp.Run(limited(t, b.tab), chromedp.Evaluate[string](audit)); err != nil || wrong != "" {
					t.Errorf("%s on a %s, %s: %s %v", name, screen.name, light, wrong, err)
				}
				keepPicture(t, b.tab, name+"-"+screen.name+"-"+light)
			}
		}
		through := func(r auth.Request) *signsIn {
			s, page := b.begin(r)
			b.do(chromedp.Navigate(page), chromedp.WaitVisible(chromedp.CSS("main")))
			return s
		}
		ended := func(s *signsIn) {
			b.do(chromedp.Click(chromedp.CSS("#cancel button")), chromedp.WaitVisible(chromedp.CSS("main[role=alert]")))
			<-s.ended
		}
		s := through(auth.Request{Scopes: []string{facts.EditScope}, Prompt: "login"})
		look("sign-in")
		b.do(b.password(facts.User, "wrong"), chromedp.WaitVisible(chromedp.CSS("#problem")))
		look("sign-in-wrong")
		b.do(chromedp.Click(chromedp.CSS("#forgotten button")), chromedp.WaitVisible(chromedp.CSS("#forgot")))
		look("forgot")
		ended(s)
		look("cancelled")
		s = through(auth.Request{Scopes: graphScopes(), Prompt: "create"})
		look("sign-up")
		ended(s)
		s = through(auth.Request{Scopes: []string{facts.EditScope}, Prompt: "login"})
		b.do(b.password(facts.User, facts.Password), chromedp.WaitVisible(chromedp.CSS("#code")))
		look("code")
		b.do(b.code(facts.User), chromedp.WaitVisible(chromedp.CSS("main.ok")))
		look("signed-in")
		if err := <-s.ended; err != nil {
			t.Fatal(err)
		}
		s = through(auth.Request{Scopes: graphScopes(), Prompt: "select_account"})
		look("account")
		ended(s)
		for name, address := range map[string]string{
			"mailbox": facts.Mailbox, "device": facts.Pages + "/common/oauth2/deviceauth", "home": facts.Pages,
			"refused":    facts.Pages + "/" + facts.TenantID + "/oauth2/v2.0/authorize?client_id=nobody",
			"signed-out": facts.Pages + "/" + facts.TenantID + "/oauth2/v2.0/logout",
		} {
			b.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("main")))
			look(name)
		}
	}
}

// keepPicture keeps what the documentation shows.
func keepPicture(t *testing.T, tab context.Context, name string) {
	t.Helper()
	dir := os.Getenv("PROFILECTL_PAGES")
	shown := []string{
		"sign-in-phone-light", "sign-in-desktop-light", "sign-in-desktop-dark", "sign-in-wrong-phone-light", "sign-in-wrong-desktop-light", "sign-up-phone-light",
		"sign-up-desktop-light", "code-phone-light", "code-desktop-light", "account-desktop-light", "forgot-desktop-light", "device-desktop-light",
		"refused-desktop-light", "signed-in-desktop-light",
	}
	if dir == "" || !slices.Contains(shown, name) {
		return
	}
	picture, err := chromedp.Run(limited(t, tab), chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}
