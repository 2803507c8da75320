package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// newcomer is a user who signs up, with the browsers that commands open.
type newcomer struct {
	*machine

	mu       sync.Mutex
	user     robot.User
	browsers []*robot.Browser
}

// newNewcomer returns a user of a tenant with custom attributes, whose mid-tier lets users
// change them and their password.
func newNewcomer(t *testing.T) *newcomer {
	t.Helper()
	n := &newcomer{machine: newMachine(t)}
	n.variables["PROFILECTL_WAIT"] = "30s"
	answers := n.startMidTier(t)
	transport := n.playground.Transport
	n.user = robot.User{
		Email:      "new@contoso.example",
		Password:   "First-Secret-41",
		Name:       "Ada",
		Attributes: answers,
		Code:       robot.Mailbox(n.playground.Facts.Mailbox, transport),
	}
	n.env.OpenBrowser = func(ctx context.Context, address string) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		user := n.user
		user.SignUp = strings.Contains(address, "prompt=create")
		browser, err := robot.New(user, transport)
		if err != nil {
			return err
		}
		n.browsers = append(n.browsers, browser)
		go func() { _, _ = browser.Open(ctx, address) }() // a failure shows as a sign-in that times out
		return nil
	}
	return n
}

// startMidTier adds the attributes to the tenant and starts the mid-tier. It returns what the
// user answers at sign-up.
func (n *newcomer) startMidTier(t *testing.T) url.Values {
	t.Helper()
	tenant, dir := n.playground.Tenant, n.dir
	answers, file := url.Values{}, "attributes:\n"
	for _, row := range []struct {
		attribute control.Attribute
		answers   []string
		kind      string // in the file of the mid-tier
	}{
		{control.Attribute{Name: "LoyaltyNumber", Input: "text", Required: true}, []string{"4711"}, "string"},
		{
			control.Attribute{Name: "Newsletter", Type: "boolean", Input: "checkboxSingleSelect"},
			[]string{"true"},
			"boolean",
		},
	} {
		added, err := tenant.AddAttribute(row.attribute)
		if err != nil {
			t.Fatal(err)
		}
		answers[added.Property] = row.answers
		file += fmt.Sprintf("  - {name: %s, label: %s, type: %s, edit: true}\n", added.Property, added.Name, row.kind)
	}
	second, err := tenant.AddApp(control.App{
		Name:        "attributes",
		AppRoles:    []string{"User.ReadWrite.All"},
		Permissions: []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"attributes.yaml": file, "secret": second.Secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	facts := n.playground.Facts
	server, err := serve.Open(t.Context(), serve.Settings{
		Authority:           facts.Authority,
		ClientID:            facts.MidTierID,
		Credential:          serve.CredentialSettings{Secret: facts.MidTierSecret},
		Graph:               facts.Graph,
		CAFile:              n.playground.CAFile,
		AllowPasswordChange: true,
		Attributes: serve.AttributesSettings{
			File:       filepath.Join(dir, "attributes.yaml"),
			ClientID:   second.ID,
			Credential: serve.CredentialSettings{SecretFile: filepath.Join(dir, "secret")},
		},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	public := httptest.NewServer(server.Public())
	t.Cleanup(public.Close)
	n.variables["PROFILECTL_MID_TIER"] = public.URL
	return answers
}

// does runs a command, which must succeed and print all of want.
func (n *newcomer) does(t *testing.T, args []string, want ...string) {
	t.Helper()
	if code := n.run(t, args...); code != 0 {
		t.Fatalf("%v ended with %d: %s", args, code, n.out)
	}
	for _, text := range want {
		if !strings.Contains(n.out.String(), text) {
			t.Errorf("%v does not print %q: %s", args, text, n.out)
		}
	}
}

// browse makes commands open their pages in Chromium.
func (n *newcomer) browse(t *testing.T) *browserUser {
	t.Helper()
	trust := chromedp.Flag("ignore-certificate-errors-spki-list",
		keyHash(t, n.playground.Facts.Authority, n.playground.CAFile))
	u := &browserUser{t: t, tab: newChromium(t, trust), pages: make(chan string, 1), playground: n.playground}
	n.env.OpenBrowser = func(_ context.Context, address string) error {
		u.pages <- address
		return nil
	}
	return u
}

// with runs a command that opens a page for each of the given steps, and must succeed and print
// want.
func (u *browserUser) with(n *newcomer, args []string, want string, pages ...step) {
	u.t.Helper()
	ended := make(chan int, 1)
	go func() { ended <- n.run(u.t, args...) }()
	for _, steps := range pages {
		select {
		case page := <-u.pages:
			u.do(chromedp.Navigate(page), steps)
			u.waitForText("main.ok")
		case code := <-ended:
			u.t.Fatalf("%v ended with %d without opening a page: %s", args, code, n.out)
		}
	}
	if code := <-ended; code != 0 || !strings.Contains(n.out.String(), want) {
		u.t.Fatalf("%v ended with %d, and printed %s", args, code, n.out)
	}
}

// TestBrowserCompletesTheJourneyOfAnAccount is TestAccountJourney in Chromium.
func TestBrowserCompletesTheJourneyOfAnAccount(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	u := n.browse(t)
	email, first, second := n.user.Email, n.user.Password, "Second-Secret-42"
	signUp := sequence(
		chromedp.SendKeys(chromedp.CSS("#email"), email),
		chromedp.SendKeys(chromedp.CSS("#password"), first),
		chromedp.SendKeys(chromedp.CSS("#name"), "Ada"),
		chromedp.SendKeys(chromedp.CSS("#question-0"), "4711"),
		chromedp.Click(chromedp.CSS("label[for=question-1]")),
		chromedp.Click(chromedp.CSS("#sign-up button")),
		u.enterCode(email),
	)
	u.with(n, []string{"login", "--sign-up", "--with-edit"}, "Signed in as "+email, signUp, u.enterCode(email))
	n.does(t, []string{"show"}, "4711", "true")
	n.does(t, []string{"edit", "--city", "Bern", "--set", "loyalty-number=4712"}, "Updated.", "4712")
	n.does(t, []string{"edit", "--undo", "--yes"}, "Updated.", "4711")
	n.env.Stdin = strings.NewReader(first + "\n" + second + "\n")
	n.does(t, []string{"password", "--stdin"}, "Changed.")
	n.does(t, []string{"logout"})
	u.with(n, []string{"login", "--prompt", "login"}, "Signed in as "+email, sequence(
		u.enterPassword(email, first),
		chromedp.WaitVisible(chromedp.CSS("#problem")),
		u.enterPassword(email, second),
	))
	n.does(t, []string{"show"}, "4711")
}

// TestAccountJourney: a user signs up with custom attributes, sees them, changes both kinds of
// fields behind a second factor, undoes that, changes the password, and signs in with the new
// one. The old one is refused.
func TestAccountJourney(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	signUp := []string{"login", "--sign-up", "--with-edit"}
	n.does(t, signUp, "A second factor is needed", "Signed in as new@contoso.example")
	n.does(t, []string{"show"}, "LoyaltyNumber", "4711", "Newsletter", "true")
	edit := []string{"edit", "--city", "Bern", "--set", "loyalty-number=4712", "--set", "newsletter=no"}
	n.does(t, edit, "Updated.", "4712", "false")
	n.does(t, []string{"edit", "--undo", "--yes"}, "Updated.", "4711", "true")
	n.env.Stdin = strings.NewReader("First-Secret-41\nSecond-Secret-42\n")
	n.does(t, []string{"password", "--stdin"}, "Changed.")
	n.does(t, []string{"logout"})

	n.mu.Lock()
	n.user.Password, n.user.WrongPasswords = "Second-Secret-42", []string{"First-Secret-41"}
	n.browsers = nil
	n.mu.Unlock()
	n.does(t, []string{"login"}, "Signed in as new@contoso.example")
	if forms := n.browsers[0].Forms; !slices.Equal(forms[:2], []string{"sign-in", "sign-in"}) {
		t.Errorf("the old password, then the new one: %v", forms)
	}
	n.does(t, []string{"show"}, "4711")
	if strings.Contains(n.out.String(), "Bern") {
		t.Errorf("the edit was not undone: %s", n.out)
	}
}
