package cli

import (
	"context"
	_ "embed"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/sandbox/control"
)

// auditScript returns the accessibility problems of the page that it runs on.
//
//go:embed testdata/audit.js
var auditScript string

// TestPagesPassTheAudit opens every page on a phone and on a desktop, in light
// and in dark, and audits each. With PROFILECTL_PAGES it also saves the pictures
// that docs/reference/sandbox.md shows in that directory.
func TestPagesPassTheAudit(t *testing.T) {
	t.Parallel()
	user := newBrowserUser(t, command.Globals{})
	empty, err := playground.Start(t.Context(), playground.Options{Empty: true, QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(empty.Close)
	for _, device := range []struct {
		name          string
		width, height int64
	}{
		{"phone", 390, 844},
		{"desktop", 1280, 800},
	} {
		user.do(chromedp.EmulateViewport(device.width, device.height))
		a := pageAuditor{browserUser: user, empty: empty, device: device.name}
		a.auditSignIn()
		a.auditSignUp()
		a.auditCode()
		a.auditConsent()
		a.auditGrant()
		a.auditAccountPicker()
		a.auditSignOut()
		a.auditOtherPages()
	}
}

// pageAuditor takes a user to the pages and audits each.
type pageAuditor struct {
	*browserUser
	empty  *playground.Playground // a tenant without apps
	device string
}

func (a pageAuditor) auditSignIn() {
	facts := a.playground.Facts
	s := a.openSignIn(auth.Request{Scopes: []string{facts.EditScope}, Prompt: "login"})
	a.audit("sign-in")
	a.do(a.enterPassword(facts.User, "wrong"), chromedp.WaitVisible(chromedp.CSS("#problem")))
	a.audit("sign-in-wrong")
	a.do(chromedp.Click(chromedp.CSS("#forgotten button")), chromedp.WaitVisible(chromedp.CSS("#forgot")))
	a.audit("forgot")
	a.do(
		chromedp.Click(chromedp.CSS("#forgot button")),
		a.enterCode(facts.User),
		chromedp.WaitVisible(chromedp.CSS("#new-password")),
	)
	a.audit("new-password")
	a.cancel(s)
	a.audit("canceled")
}

func (a pageAuditor) auditSignUp() {
	s := a.openSignIn(auth.Request{Scopes: session.GraphScopes(), Prompt: "create"})
	a.audit("sign-up")
	a.cancel(s)
	defer a.askForAttributes()()
	s = a.openSignIn(auth.Request{Scopes: session.GraphScopes(), Prompt: "create"})
	a.audit("sign-up-attributes")
	a.do(
		chromedp.SetValue(chromedp.CSS("#email"), "new@contoso.example"),
		chromedp.SetValue(chromedp.CSS("#password"), "Correct horse 9"),
		chromedp.SetValue(chromedp.CSS("#name"), "New User"),
		chromedp.SetValue(chromedp.CSS("#question-0"), strings.Repeat("1", 251)),
		chromedp.Click(chromedp.CSS("#sign-up button")),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
	)
	a.audit("sign-up-wrong")
	a.cancel(s)
}

// askForAttributes makes the sign-up page ask for an attribute with each input, until the
// returned function is called.
func (a pageAuditor) askForAttributes() (end func()) {
	a.t.Helper()
	properties := a.addAttributes()
	return func() {
		for _, property := range properties {
			if err := a.playground.Tenant.RemoveAttribute(property); err != nil {
				a.t.Error(err)
			}
		}
	}
}

// addAttributes makes the sign-up page ask for an attribute with each input, and returns their
// properties.
func (u *browserUser) addAttributes() (properties []string) {
	u.t.Helper()
	options := []control.Option{{Value: "vegan", Label: "Vegan"}, {Value: "none", Label: "Everything"}}
	for _, attribute := range []control.Attribute{
		{Name: "LoyaltyNumber", Label: "Loyalty number", Input: "text"},
		{Name: "Newsletter", Type: "boolean", Input: "checkboxSingleSelect"},
		{Name: "Diet", Input: "radioSingleSelect", Options: options},
		{Name: "Interests", Input: "checkboxMultiSelect", Options: options},
	} {
		added, err := u.playground.Tenant.AddAttribute(attribute)
		if err != nil {
			u.t.Fatal(err)
		}
		properties = append(properties, added.Property)
	}
	return properties
}

func (a pageAuditor) auditCode() {
	a.t.Helper()
	facts := a.playground.Facts
	s := a.openSignIn(auth.Request{Scopes: []string{facts.EditScope}, Prompt: "login"})
	a.do(a.enterPassword(facts.User, facts.Password), chromedp.WaitVisible(chromedp.CSS("#code")))
	a.audit("code")
	a.do(a.enterCode(facts.User), chromedp.WaitVisible(chromedp.CSS("main.ok")))
	a.audit("signed-in")
	if err := <-s.done; err != nil {
		a.t.Fatal(err)
	}
}

// auditConsent requests a permission that no administrator has granted.
func (a pageAuditor) auditConsent() {
	s := a.openSignIn(auth.Request{Scopes: []string{"https://graph.microsoft.com/User.ReadWrite"}})
	a.do(chromedp.WaitVisible(chromedp.CSS("#return")))
	a.audit("consent")
	a.do(chromedp.Click(chromedp.CSS("#return button")), chromedp.WaitVisible(chromedp.CSS("main[role=alert]")))
	<-s.done //nolint:errcheck // there is no consent
}

// auditGrant signs in the administrator of an empty tenant, who may grant the permission.
func (a pageAuditor) auditGrant() {
	a.t.Helper()
	facts := a.empty.Facts
	query := url.Values{
		"client_id":             {setup.DefaultClient},
		"response_type":         {"code"},
		"redirect_uri":          {"http://localhost"},
		"scope":                 {"https://graph.microsoft.com/Application.ReadWrite.All"},
		"code_challenge":        {strings.Repeat("c", 43)},
		"code_challenge_method": {"S256"},
		"prompt":                {"login"},
	}
	a.do(
		chromedp.Navigate(facts.Pages+"/"+facts.TenantID+"/oauth2/v2.0/authorize?"+query.Encode()),
		a.enterPassword(facts.Admin, facts.AdminPassword),
		chromedp.WaitVisible(chromedp.CSS("#grant")),
	)
	a.audit("grant")
}

func (a pageAuditor) auditAccountPicker() {
	s := a.openSignIn(auth.Request{Scopes: session.GraphScopes(), Prompt: "select_account"})
	a.audit("account")
	a.cancel(s)
}

// auditSignOut signs a second user in, so that the tenant asks who signs out.
func (a pageAuditor) auditSignOut() {
	a.t.Helper()
	email, password := a.device+"@contoso.example", "Correct horse battery"
	if err := a.playground.Tenant.AddUser(email, password, "Ada L."); err != nil {
		a.t.Fatal(err)
	}
	s := a.openSignIn(auth.Request{Scopes: session.GraphScopes(), Prompt: "login"})
	a.do(a.enterPassword(email, password), chromedp.WaitVisible(chromedp.CSS("main.ok")))
	if err := <-s.done; err != nil {
		a.t.Fatal(err)
	}
	facts := a.playground.Facts
	a.do(
		chromedp.Navigate(facts.Pages+"/"+facts.TenantID+"/oauth2/v2.0/logout"),
		chromedp.WaitVisible(chromedp.CSS("#sign-out-1")),
	)
	a.audit("sign-out")
	a.do(
		chromedp.Click(chromedp.CSS("#sign-out-1 button")),
		chromedp.WaitNotPresent(chromedp.CSS("#sign-out-1")), // also between the two pages
		chromedp.WaitVisible(chromedp.CSS("main")),
	)
	a.audit("signed-out")
}

func (a pageAuditor) auditOtherPages() {
	facts := a.playground.Facts
	tenant := facts.Pages + "/" + facts.TenantID
	for name, address := range map[string]string{
		"mailbox":    facts.Mailbox,
		"device":     facts.Pages + "/common/oauth2/deviceauth",
		"home":       facts.Pages,
		"refused":    tenant + "/oauth2/v2.0/authorize?client_id=nobody",
		"signed-out": tenant + "/oauth2/v2.0/logout",
	} {
		a.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("main")))
		a.audit(name)
	}
}

func (a pageAuditor) openSignIn(r auth.Request) *pendingSignIn {
	s, page := a.startSignIn(r)
	a.do(chromedp.Navigate(page), chromedp.WaitVisible(chromedp.CSS("main")))
	return s
}

func (a pageAuditor) cancel(s *pendingSignIn) {
	a.do(
		chromedp.Click(chromedp.CSS("#cancel button")),
		chromedp.WaitVisible(chromedp.CSS("main[role=alert]")),
	)
	<-s.done //nolint:errcheck // it was canceled
}

// audit audits the page that the browser shows, in both color schemes.
func (a pageAuditor) audit(page string) {
	a.t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		a.do(preferColorScheme(scheme))
		name := page + "-" + a.device + "-" + scheme
		script := chromedp.Evaluate[string](auditScript, chromedp.EvalAwaitPromise)
		problems, err := chromedp.Run(pageContext(a.t, a.tab), script)
		if err != nil || problems != "" {
			a.t.Errorf("%s: %s %v", name, problems, err)
		}
		if dir := os.Getenv("PROFILECTL_PAGES"); dir != "" && slices.Contains(documentedPictures(), name) {
			screenshot(a.t, a.tab, filepath.Join(dir, name+".png"))
		}
	}
}

// preferColorScheme sets the color scheme that the browser prefers: light or
// dark.
func preferColorScheme(name string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return chromedp.Void{}, err
	}
}

// documentedPictures returns the names of the pictures that docs/reference/sandbox.md
// shows.
func documentedPictures() []string {
	return []string{
		"sign-in-phone-light",
		"sign-in-desktop-light",
		"sign-in-desktop-dark",
		"sign-in-wrong-phone-light",
		"sign-in-wrong-desktop-light",
		"sign-up-phone-light",
		"sign-up-desktop-light",
		"code-phone-light",
		"code-desktop-light",
		"account-desktop-light",
		"forgot-desktop-light",
		"device-desktop-light",
		"refused-desktop-light",
		"signed-in-desktop-light",
		"developer-overview-desktop-light",
		"developer-users-desktop-light",
		"developer-user-desktop-light",
		"developer-policies-desktop-light",
		"developer-attributes-desktop-light",
		"developer-tools-desktop-light",
		"developer-audit-desktop-light",
		"developer-audit-desktop-dark",
		"developer-audit-phone-light",
	}
}
