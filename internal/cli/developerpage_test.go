package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/sandbox/control"
)

// openDeveloper opens the developer page with the command.
func (u *browserUser) openDeveloper() {
	u.t.Helper()
	inside := command.System().Isolated(u.playground.Variables(), u.playground.Dir)
	inside.Stdout = io.Discard
	inside.OpenBrowser = func(_ context.Context, address string) error {
		u.pages <- address
		return nil
	}
	if code := Main(u.t.Context(), inside, []string{"sandbox", "open"}); code != 0 {
		u.t.Fatalf("sandbox open: exit code %d", code)
	}
	u.do(chromedp.Navigate(<-u.pages), chromedp.WaitVisible(chromedp.CSS("nav")))
}

// open goes to a section of the developer page.
func (u *browserUser) open(path string) {
	u.t.Helper()
	u.do(chromedp.Navigate(u.playground.Facts.Pages+path), chromedp.WaitVisible(chromedp.CSS("nav")))
}

// TestDeveloperPageExplainsSignIns adds a user on the page, signs the user in with a
// second factor, switches the policy off, and reads the reasons in the audit.
func TestDeveloperPageExplainsSignIns(t *testing.T) {
	t.Parallel()
	u := newBrowserUser(t, command.Globals{})
	facts := u.playground.Facts
	u.openDeveloper()
	u.do(
		chromedp.Click(chromedp.CSS(`nav a[href="/sandbox/users"]`)),
		chromedp.Click(chromedp.CSS(`a[href="/sandbox/users/new"]`)),
		chromedp.SendKeys(chromedp.CSS("#email"), "ada@contoso.example"),
		chromedp.SendKeys(chromedp.CSS("#name"), "Ada L."),
		chromedp.SendKeys(chromedp.CSS("#password"), "Correct horse 1"),
		chromedp.Click(chromedp.CSS("form.card button")),
		chromedp.WaitVisible(chromedp.CSS(".note.ok")),
	)
	edit := auth.Request{Scopes: []string{facts.EditScope}, Prompt: "login"}
	u.signIn(edit, u.enterPassword("ada@contoso.example", "Correct horse 1"), u.enterCode("ada@contoso.example"))

	u.open("/sandbox/policies")
	u.do(chromedp.Click(chromedp.CSS(".actions button")), chromedp.WaitVisible(chromedp.CSS(".note.ok")))
	u.signIn(edit, u.enterPassword("ada@contoso.example", "Correct horse 1"))

	u.open("/sandbox/audit?part=pages&q=ada@contoso.example")
	shown := u.waitForText("main")
	for _, want := range []string{
		"Asked for a one-time code: the policy",
		"the user completed a second factor",
		"the user signed in without a second factor",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the audit does not show %q:\n%s", want, shown)
		}
	}
}

// TestDeveloperPagePassesTheAudit opens every section of the developer page on a phone
// and on a desktop, in light and in dark, and audits each.
func TestDeveloperPagePassesTheAudit(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	user.prepareDeveloperPage()
	user.openDeveloper()
	facts := user.playground.Facts
	for _, device := range []struct {
		name          string
		width, height int64
	}{
		{"phone", 390, 844},
		{"desktop", 1280, 800},
	} {
		user.do(chromedp.EmulateViewport(device.width, device.height))
		a := pageAuditor{browserUser: user, device: device.name}
		for _, page := range []struct{ name, path string }{
			{"overview", "/sandbox/"},
			{"users", "/sandbox/users"},
			{"user-new", "/sandbox/users/new"},
			{"user", "/sandbox/users/edit/casey@contoso.example"},
			{"apps", "/sandbox/apps"},
			{"app-new", "/sandbox/apps/new"},
			{"app", "/sandbox/apps/edit/" + facts.MidTierID},
			{"policies", "/sandbox/policies"},
			{"policy-new", "/sandbox/policies/new"},
			{"attributes", "/sandbox/attributes"},
			{"attribute-new", "/sandbox/attributes/new"},
			{"mail", "/sandbox/mail"},
			{"tools", "/sandbox/tools"},
			{"audit", "/sandbox/audit"},
			{"empty", "/sandbox/audit?q=nothing"},
		} {
			user.open(page.path)
			a.audit("developer-" + page.name)
		}
		a.auditNewAttribute()
		a.auditDeveloperProblem()
	}
}

// auditNewAttribute adds an attribute on the page, at first without the options that it needs,
// and removes it.
func (a pageAuditor) auditNewAttribute() {
	a.t.Helper()
	a.open("/sandbox/attributes")
	a.do(
		chromedp.Click(chromedp.CSS(`a[href="/sandbox/attributes/new"]`)),
		chromedp.WaitVisible(chromedp.CSS("#name")),
		chromedp.SendKeys(chromedp.CSS("#name"), "Diet"),
		chromedp.SetValue(chromedp.CSS("#input"), "radioSingleSelect"),
		chromedp.Click(chromedp.CSS("form.card button")),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
	)
	a.audit("developer-attribute-problem")
	a.do(
		chromedp.SendKeys(chromedp.CSS("#options"), "vegan=Vegan food\nmeat"),
		chromedp.Click(chromedp.CSS("form.card button")),
		chromedp.WaitVisible(chromedp.CSS(".note.ok")),
	)
	a.audit("developer-attribute-added")
	added := a.playground.Tenant.Attributes()[1]
	if added.Name != "Diet" || added.Input != "radioSingleSelect" || len(added.Options) != 2 {
		a.t.Errorf("got %+v", added)
	}
	a.do(
		chromedp.Click(chromedp.CSS(`form[action="/sandbox/attributes/`+added.Property+`/remove"] button`)),
		chromedp.WaitNotPresent(chromedp.CSS(`form[action*="Diet"]`)),
		chromedp.WaitVisible(chromedp.CSS(".note.ok")),
	)
	if all := a.playground.Tenant.Attributes(); len(all) != 1 {
		a.t.Errorf("after the removal, the tenant has %+v", all)
	}
}

// auditDeveloperProblem audits a form after a problem, and the page for browsers
// without a session.
func (a pageAuditor) auditDeveloperProblem() {
	a.open("/sandbox/users/new")
	a.do(
		chromedp.SendKeys(chromedp.CSS("#email"), a.playground.Facts.User),
		chromedp.Click(chromedp.CSS("form.card button")),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
	)
	a.audit("developer-problem")
	a.do(
		chromedp.Navigate(a.playground.Facts.Pages+"/sandbox/open?link=used"),
		chromedp.WaitVisible(chromedp.CSS("main")),
	)
	a.audit("developer-closed")
}

// prepareDeveloperPage fills the tenant with users, a custom attribute, faults and an audit.
func (u *browserUser) prepareDeveloperPage() {
	u.t.Helper()
	facts, tenant := u.playground.Facts, u.playground.Tenant
	for _, name := range []string{"Ada Lovelace", "Grace Hopper"} {
		first, _, _ := strings.Cut(strings.ToLower(name), " ")
		if err := tenant.AddUser(first+"@contoso.example", "Correct horse 1", name); err != nil {
			u.t.Fatal(err)
		}
	}
	policy := control.Policy{Name: "Step-up for orders", Contexts: []string{"c1"}}
	if _, err := tenant.AddPolicy(policy); err != nil {
		u.t.Fatal(err)
	}
	attribute := control.Attribute{Name: "LoyaltyNumber", Label: "Loyalty number", Input: "text"}
	loyalty, err := tenant.AddAttribute(attribute)
	if err != nil {
		u.t.Fatal(err)
	}
	if err := tenant.SetProfile(facts.User, loyalty.Property, new("4711")); err != nil {
		u.t.Fatal(err)
	}
	read := u.signIn(auth.Request{Scopes: session.GraphScopes()}, u.enterPassword(facts.User, facts.Password))
	scopes := []string{facts.EditScope}
	_, ch, err := u.Auth.Silent(u.t.Context(), read.Account, scopes, nil)
	if err != nil || ch == nil {
		u.t.Fatalf("got %v, %v, want a challenge", ch, err)
	}
	u.signIn(auth.Request{Scopes: scopes, Account: &read.Account, Challenge: ch}, u.enterCode(facts.User))
	q := url.Values{"client_id": {facts.WebClientID}, "redirect_uri": {"http://localhost:3001/x"}}
	u.do(chromedp.Navigate(facts.Pages + "/" + facts.TenantID + "/oauth2/v2.0/authorize?" + q.Encode()))
	tenant.FailNext(control.Fault{Part: "graph", Status: http.StatusTooManyRequests, RetryAfter: 7})
	tenant.FailNext(control.Fault{Part: "token", Reset: true})
}
