package auth_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestClientSignsInAndStepsUp(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	f := w.tenant.Facts()
	ctx := t.Context()
	read, err := w.client.Interactive(ctx, readScope())
	if err != nil {
		t.Fatal(err)
	}
	if read.Account.Username != f.User || !strings.HasSuffix(read.Account.ID, "."+f.TenantID) {
		t.Errorf("signed in as %+v", read.Account)
	}
	<-w.closed
	shown := strings.Contains(w.page.Text, "You are signed in") && strings.Contains(w.page.Text, f.User)
	if w.page.Status != http.StatusOK || !shown {
		t.Errorf("the browser shows %+v", w.page)
	}
	again, ch, err := w.client.Silent(ctx, read.Account, []string{"User.Read"}, nil)
	if err != nil || ch != nil || again.Access != read.Access {
		t.Errorf("the cached token is not used: %v, %v", ch, err)
	}
	stepUp := control.Policy{Name: "step up", On: true, Contexts: []string{"c1"}}
	if _, err := w.tenant.AddPolicy(stepUp); err != nil {
		t.Fatal(err)
	}
	_, ch, err = w.client.Silent(ctx, read.Account, []string{"User.Read"}, challenge.ACRS("c1"))
	if err != nil || ch == nil || !strings.Contains(ch.Claims, `"c1"`) {
		t.Errorf("challenge for a context: got %+v, %v; want the tenant's challenge for it", ch, err)
	}
	edit := []string{f.EditScope}
	_, ch, err = w.client.Silent(ctx, read.Account, edit, nil)
	if err != nil || ch == nil || !strings.Contains(ch.Claims, f.PolicyID) {
		t.Fatalf("edit scope without a second factor: got %+v, %v; want a challenge that names the policy", ch, err)
	}
	stepped, err := w.client.Interactive(ctx, auth.Request{Scopes: edit, Account: &read.Account, Challenge: ch})
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if got := strings.Join(w.browser.Forms, " "); got != "sign-in form-post code-form form-post" {
		t.Errorf("the pages were %q; the step-up must ask for the code only", got)
	}
	same, ch, err := w.client.Silent(ctx, read.Account, edit, nil)
	if err != nil || ch != nil || same.Access != stepped.Access {
		t.Errorf("after the step-up: %v, %v", ch, err)
	}
	_, ch, err = w.client.Silent(ctx, read.Account, edit, challenge.ACRS("c1"))
	if err != nil || ch != nil {
		t.Errorf("a context after the step-up: %v, %v", ch, err)
	}
}

func TestInteractiveReportsFailures(t *testing.T) {
	failNext := func(f sandbox.Fault) func(*world) {
		f.Part = "token"
		return func(w *world) { w.tenant.FailNext(f) }
	}
	for _, c := range []struct {
		name    string
		prepare func(*world)
		kind    fault.Kind
		what    string
	}{
		{
			"canceled on the page", func(w *world) { w.user.Cancel = true },
			fault.Canceled, "cannot sign in: it was canceled in the browser (AADSTS65004)",
		},
		{
			"token endpoint is down", failNext(sandbox.Fault{Status: 503, Body: "busy"}),
			fault.Unavailable, "cannot sign in: the tenant answered with HTTP status 503",
		},
		{
			"token endpoint sends HTML", failNext(sandbox.Fault{Status: 200, Body: "<html>"}),
			fault.Unavailable, "cannot sign in: the tenant's response cannot be read",
		},
		{
			"connection breaks", failNext(sandbox.Fault{Reset: true}),
			fault.Unavailable, "cannot sign in: contoso.ciamlogin.com broke the connection",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			c.prepare(w)
			_, err := w.client.Interactive(t.Context(), readScope())
			if f := fault.As(err); err == nil || f.Kind != c.kind || f.What != c.what || f.Fix == "" {
				t.Errorf("got %v %q, fix %q (%v); want %v %q", f.Kind, f.What, f.Fix, err, c.kind, c.what)
			}
			if accounts, err := w.client.Accounts(t.Context()); err != nil || len(accounts) != 0 {
				t.Errorf("the failed sign-in left %v, %v", accounts, err)
			}
		})
	}
}

func TestInteractiveWaitsForTheRightPassword(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.user.WrongPasswords = []string{"wrong", "wrong again"}
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if got := strings.Join(w.browser.Forms, " "); got != "sign-in sign-in sign-in form-post" {
		t.Errorf("the pages were %q", got)
	}
}

func TestInteractiveRejectsADifferentAccount(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	if err := w.tenant.AddUser("eve@contoso.example", "Another password", "Eve"); err != nil {
		t.Fatal(err)
	}
	casey, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	w.browser, w.user.Email, w.user.Password = nil, "eve@contoso.example", "Another password"
	edit := auth.Request{Scopes: []string{w.tenant.Facts().EditScope}, Account: &casey.Account}
	_, err = w.client.Interactive(t.Context(), edit)
	if f := fault.As(err); f.Kind != fault.Denied || f.What != "a different account signed in; nothing was changed" {
		t.Fatalf("got %v", err)
	}
	accounts, err := w.client.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0] != casey.Account {
		t.Errorf("the accounts are %v, %v; want only Casey's", accounts, err)
	}
}

func TestSilentReportsARevokedSignIn(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tenant.RevokeSessions(signedIn.Account.Username); err != nil {
		t.Fatal(err)
	}
	_, ch, err := w.client.Silent(t.Context(), signedIn.Account, []string{w.tenant.Facts().EditScope}, nil)
	if f := fault.As(err); ch != nil || f.Kind != fault.SignIn || f.Fix != "" || f.Next != fault.DoSignIn {
		t.Errorf("got %v, %v (fix %q, next %q)", ch, err, f.Fix, f.Next)
	}
}

// TestSilentEndsASignInThatAnotherProcessRemoved signs out in another process while this
// one, in which an edit waits for example, still has the tokens in MSAL's memory.
func TestSilentEndsASignInThatAnotherProcessRemoved(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	dir := t.TempDir()
	process := func(t *testing.T) *auth.Client {
		store, err := tokenstore.NewFile(tokenstore.Config{Service: "s", StateDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		w.configure(t, func(c *auth.Config) { c.Open, c.Store = w.open(t), store })
		return w.client
	}
	this, other := process(t), process(t)
	signedIn, err := this.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Forget(t.Context(), signedIn.Account); err != nil {
		t.Fatal(err)
	}
	scopes := []string{w.tenant.Facts().EditScope}
	token, ch, err := this.Silent(t.Context(), signedIn.Account, scopes, nil)
	if f := fault.As(err); err == nil || ch != nil || f.Kind != fault.SignIn {
		t.Errorf("got a token: %v, %v, %v", token.Access != "", ch, err)
	}
	if _, err := os.Stat(tokenstore.FilePath(dir, "s")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the sign-in is stored again: %v", err)
	}
}
