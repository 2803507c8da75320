package auth_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// either sends what belongs to the tenant there, and the rest, the loopback
// redirect, to the network.
type either struct{ tenant *sandbox.Tenant }

func (e either) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Hostname() == "localhost" {
		return http.DefaultTransport.RoundTrip(req)
	}
	return e.tenant.Client().Transport.RoundTrip(req)
}

// world is a signed-out person before a tenant.
type world struct {
	tenant *sandbox.Tenant
	store  *tokenstore.Store
	http   *http.Client
	client *auth.Client
	person robot.Person
	jar    *robot.Browser
	closed chan struct{} // when the browser has shown its last page
	page   robot.Page
}

func newWorld(t *testing.T, config sandbox.Config) *world {
	t.Helper()
	config.QuickPasswords = true
	tenant, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	f := tenant.Facts()
	w := &world{tenant: tenant, store: tokenstore.Memory(), http: tenant.Client()}
	w.person = robot.Person{Email: f.User, Password: f.Password, Code: func(context.Context) (string, error) {
		return tenant.Mail("")[0].Code, nil
	}}
	form, err := authority.Parse("contoso")
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), tenant.Client(), form)
	if err != nil {
		t.Fatal(err)
	}
	w.client, err = auth.New(auth.Config{
		Authority: a, ClientID: f.ClientID, Store: w.store, HTTP: tenant.Client(), Open: w.open(t), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// open is the person at the browser. The browser keeps its cookies.
func (w *world) open(t *testing.T) func(context.Context, auth.Page) error {
	return func(ctx context.Context, p auth.Page) error {
		if w.jar == nil {
			browser, err := robot.New(w.person, either{w.tenant})
			if err != nil {
				return err
			}
			w.jar = browser
		}
		closed := make(chan struct{})
		w.closed = closed
		t.Cleanup(func() { <-closed })
		go func() {
			defer close(closed)
			page, err := w.jar.Open(ctx, p.URL)
			if err != nil && ctx.Err() == nil {
				t.Errorf("browser: %v", err)
			}
			w.page = page
		}()
		return nil
	}
}

func TestTheJourney(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	f := w.tenant.Facts()
	ctx := t.Context()
	read, err := w.client.Interactive(ctx, auth.Request{Scopes: []string{"User.Read"}})
	if err != nil {
		t.Fatal(err)
	}
	if read.Account.Username != f.User || !strings.HasSuffix(read.Account.ID, "."+f.TenantID) {
		t.Errorf("signed in as %+v", read.Account)
	}
	<-w.closed
	if w.page.Status != http.StatusOK || !strings.Contains(w.page.Text, "You are signed in") || !strings.Contains(w.page.Text, f.User) {
		t.Errorf("the browser shows %+v", w.page)
	}
	again, ch, err := w.client.Silent(ctx, read.Account, []string{"User.Read"}, nil)
	if err != nil || ch != nil || again.Access != read.Access {
		t.Errorf("the cached token is not used: %v, %v", ch, err)
	}
	edit := []string{f.EditScope}
	_, ch, err = w.client.Silent(ctx, read.Account, edit, nil)
	if err != nil || ch == nil || !strings.Contains(ch.Claims, f.PolicyID) {
		t.Fatalf("the edit scope without a second factor: got %+v, %v; want a challenge that names the policy", ch, err)
	}
	stepped, err := w.client.Interactive(ctx, auth.Request{Scopes: edit, Account: &read.Account, Challenge: ch})
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if got := strings.Join(w.jar.Forms, " "); got != "sign-in form-post code-form form-post" {
		t.Errorf("the pages were %q; the step-up must ask for the code alone", got)
	}
	same, ch, err := w.client.Silent(ctx, read.Account, edit, nil)
	if err != nil || ch != nil || same.Access != stepped.Access {
		t.Errorf("after the step-up: %v, %v", ch, err)
	}
	_, ch, err = w.client.Silent(ctx, read.Account, edit, challenge.ACRS("c1"))
	if err != nil || ch == nil || !strings.Contains(ch.Claims, `"c1"`) {
		t.Errorf("a challenge for a context: got %+v, %v; want it passed on", ch, err)
	}
}

func TestInteractiveEndsInOneClearSentence(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*world)
		kind    fault.Kind
		what    string
	}{
		{"canceled on the page", func(w *world) { w.person.Cancel = true }, fault.Canceled, "cannot sign in: it was canceled in the browser (AADSTS65004)"},
		{"the token endpoint is down", func(w *world) { w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 503, Body: "busy"}) }, fault.Unavailable, "cannot sign in: the tenant answered with HTTP status 503"},
		{"the token endpoint answers rubbish", func(w *world) { w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 200, Body: "<html>"}) }, fault.Unavailable, "cannot sign in: the tenant's response cannot be read"},
		{"the connection breaks", func(w *world) { w.tenant.FailNext(sandbox.Fault{Part: "token", Reset: true}) }, fault.Unavailable, "cannot sign in: contoso.ciamlogin.com broke the connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			c.prepare(w)
			_, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}})
			if f := fault.As(err); err == nil || f.Kind != c.kind || f.What != c.what || f.Fix == "" {
				t.Errorf("got %v %q, fix %q (%v); want %v %q", f.Kind, f.What, f.Fix, err, c.kind, c.what)
			}
			if accounts, err := w.client.Accounts(t.Context()); err != nil || len(accounts) != 0 {
				t.Errorf("something was kept: %v, %v", accounts, err)
			}
		})
	}
}

func TestWrongPasswordThenRight(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.person.Slips = []string{"wrong", "wrong again"}
	if _, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}}); err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if got := strings.Join(w.jar.Forms, " "); got != "sign-in sign-in sign-in form-post" {
		t.Errorf("the pages were %q", got)
	}
}

func TestSomebodyElseAtTheBrowserChangesNothing(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	if err := w.tenant.AddUser("eve@contoso.example", "another password", "Eve"); err != nil {
		t.Fatal(err)
	}
	casey, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}})
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	w.jar, w.person.Email, w.person.Password = nil, "eve@contoso.example", "another password"
	_, err = w.client.Interactive(t.Context(), auth.Request{Scopes: []string{w.tenant.Facts().EditScope}, Account: &casey.Account})
	if f := fault.As(err); f.Kind != fault.Denied || f.What != "somebody else signed in at the browser than the account that was asked for" {
		t.Fatalf("got %v", err)
	}
	accounts, err := w.client.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0] != casey.Account {
		t.Errorf("the accounts are %v, %v; want Casey's alone", accounts, err)
	}
}

func TestARevokedSignInSaysSo(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	signedIn, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tenant.RevokeSessions(signedIn.Account.Username); err != nil {
		t.Fatal(err)
	}
	_, ch, err := w.client.Silent(t.Context(), signedIn.Account, []string{w.tenant.Facts().EditScope}, nil)
	if f := fault.As(err); ch != nil || f.Kind != fault.SignIn || f.Fix != "run `profilectl login`" {
		t.Errorf("got %v, %v (fix %q)", ch, err, f.Fix)
	}
}

func TestDeviceCode(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*world)
		what    string
	}{
		{"the person types the code", func(*world) {}, ""},
		{"the tenant is down", func(w *world) { w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 500, Body: "x"}) }, "cannot sign in: the tenant answered with HTTP status 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			c.prepare(w)
			browser, err := robot.New(w.person, either{w.tenant})
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.client.Device(t.Context(), auth.Request{Scopes: []string{"User.Read"}}, func(p auth.Prompt) {
				if p.Page != "https://contoso.ciamlogin.com/common/oauth2/deviceauth" || p.Code == "" || time.Until(p.Expires) < 10*time.Minute {
					t.Errorf("the person is shown %+v", p)
				}
				// While the person types, other processes can use the store.
				if accounts, err := w.client.Accounts(t.Context()); err != nil || len(accounts) != 0 {
					t.Errorf("got %v, %v", accounts, err)
				}
				browser.UserCode = p.Code
				if page, err := browser.Open(t.Context(), p.Page); err != nil || page.Status != http.StatusOK {
					t.Errorf("got %+v, %v", page, err)
				}
			})
			if c.what != "" {
				if f := fault.As(err); f.What != c.what {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			again, ch, err := w.client.Silent(t.Context(), got.Account, []string{"User.Read"}, nil)
			if err != nil || ch != nil || again.Access != got.Access {
				t.Errorf("it was not kept: %v, %v", ch, err)
			}
		})
	}
}

func TestNobodyTypesTheDeviceCode(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.rewire(t, 0, 50*time.Millisecond, nil)
	_, err := w.client.Device(t.Context(), auth.Request{Scopes: []string{"User.Read"}}, func(auth.Prompt) {})
	if f := fault.As(err); f.Kind != fault.SignIn || f.What != "nobody typed the code in time" {
		t.Errorf("got %v", err)
	}
}
