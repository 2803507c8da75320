package control_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// serve starts a tenant and returns a client of its control API.
func serve(t *testing.T) (*sandbox.Tenant, *control.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	tenant, err := sandbox.New(sandbox.Config{APIAddress: address, PagesAddress: address, QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = tenant.Control("the key")
	server.Start()
	t.Cleanup(server.Close)
	return tenant, &control.Client{URL: address + "/control", Key: "the key", HTTP: server.Client()}
}

func TestClientManagesUsers(t *testing.T) {
	tenant, c := serve(t)
	ctx := t.Context()
	added, err := c.AddUser(ctx, control.User{
		Email:   "ada@contoso.example",
		Profile: map[string]string{"city": "London"},
	})
	if err != nil || added.Password == "" || added.Name != "ada" {
		t.Fatalf("got %+v, %v", added, err)
	}
	if err := errors.Join(c.SetMFA(ctx, added.Email, true), c.RevokeSessions(ctx, added.Email)); err != nil {
		t.Fatal(err)
	}
	users, err := c.Users(ctx)
	if err != nil || len(users) != 2 || users[1].Email != added.Email || !users[1].MFA || users[1].ID == "" {
		t.Errorf("got %+v, %v", users, err)
	}
	if city := tenant.Profile(added.Email)["city"]; city == nil || *city != "London" {
		t.Errorf("the city is %v", city)
	}
}

func TestClientChangesUsers(t *testing.T) {
	_, c := serve(t)
	ctx := t.Context()
	before, err := c.User(ctx, "casey@contoso.example")
	if err != nil || before.Name != "Casey Jensen" || before.Profile["city"] != "Copenhagen" {
		t.Fatalf("got %+v, %v", before, err)
	}
	city, on := "Bern", true
	err = c.ChangeUser(ctx, before.Email, control.UserChange{
		MFA:      &on,
		Password: "A new passw0rd",
		Profile:  map[string]*string{"city": &city, "country": nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.User(ctx, before.Email)
	_, hasCountry := after.Profile["country"]
	if err != nil || !after.MFA || after.Profile["city"] != city || hasCountry || after.Name != before.Name {
		t.Errorf("got %+v, %v", after, err)
	}
}

func TestClientReplacesSecretsAndPermissions(t *testing.T) {
	tenant, c := serve(t)
	ctx := t.Context()
	facts := tenant.Facts()
	secret, err := c.ReplaceSecret(ctx, facts.WebClientID)
	if err != nil || secret == "" || secret == facts.WebSecret {
		t.Errorf("got %q, %v", secret, err)
	}
	if err := c.SetPermissions(ctx, facts.ClientID, "User.ReadWrite"); err != nil {
		t.Fatal(err)
	}
	apps, err := c.Apps(ctx)
	if err != nil || len(apps[0].Permissions) != 1 || apps[0].Permissions[0] != "User.ReadWrite" {
		t.Errorf("got %+v, %v", apps, err)
	}
	if err := c.SetPermissions(ctx, facts.ClientID, "api://nobody/x"); err == nil {
		t.Error("an unknown permission was granted")
	}
}

func TestClientManagesApps(t *testing.T) {
	tenant, c := serve(t)
	ctx := t.Context()
	added, err := c.AddApp(ctx, control.App{Name: "web", RedirectURIs: []string{"https://app.example/back"}})
	if err != nil || added.ID == "" || added.Secret == "" {
		t.Fatalf("got %+v, %v", added, err)
	}
	if err := c.SetOptionalClaims(ctx, tenant.Facts().MidTierID, "auth_time"); err != nil {
		t.Error(err)
	}
	if err := c.AddCredential(ctx, added.ID, control.Credential{Certificate: "not PEM"}); err == nil {
		t.Error("a certificate that is not PEM was accepted")
	}
	apps, err := c.Apps(ctx)
	if err != nil || len(apps) != 4 || apps[3].ID != added.ID || apps[3].Secret != "" {
		t.Errorf("got %+v, %v", apps, err)
	}
}

func TestClientChangesTheTenant(t *testing.T) {
	tenant, c := serve(t)
	ctx := t.Context()
	err := errors.Join(
		c.SetPolicy(ctx, false),
		c.FailNext(ctx, control.Fault{Part: "keys", Status: 503}),
		c.FailNext(ctx, control.Fault{Part: "discovery", Status: 503}),
		c.Recover(ctx),
		c.FailNext(ctx, control.Fault{Part: "keys", Status: 500, Delay: time.Nanosecond}),
		c.FastForward(ctx, 2*time.Hour),
		c.RotateKeys(ctx),
	)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := c.Policy(ctx); err != nil || p.On || p.ID != tenant.Facts().PolicyID {
		t.Errorf("policy: got %+v, %v", p, err)
	}
	if faults, err := c.Faults(ctx); err != nil || len(faults) != 1 || faults[0].Status != 500 {
		t.Errorf("faults: got %+v, %v", faults, err)
	}
	if clock, err := c.Clock(ctx); err != nil || clock.Offset != "2h0m0s" || clock.Frozen {
		t.Errorf("clock: got %+v, %v", clock, err)
	}
	if facts, err := c.Facts(ctx); err != nil || facts != tenant.Facts() {
		t.Errorf("facts: got %+v, %v", facts, err)
	}
	if mail, err := c.Mail(ctx, "casey@contoso.example"); err != nil || len(mail) != 0 {
		t.Errorf("mail: got %v, %v", mail, err)
	}
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys"} {
		res, err := tenant.Client().Get(tenant.Facts().Authority + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	requests, err := c.Requests(ctx)
	if err != nil || len(requests) != 2 || requests[0].Status != 200 || requests[1].Status != 500 {
		t.Errorf("requests: got %+v, %v", requests, err)
	}
}

func TestClientWaitsForMail(t *testing.T) {
	tenant, c := serve(t)
	facts := tenant.Facts()
	mail := make(chan []control.Message)
	go func() {
		got, err := c.WaitForMail(t.Context(), facts.User, 0, time.Minute)
		if err != nil {
			t.Error(err)
		}
		mail <- got
	}()
	user := robot.User{Email: facts.User, Password: facts.Password, Forgot: true}
	browser, err := robot.New(user, tenant.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	authorize := facts.Authority + "/oauth2/v2.0/authorize?response_type=code&scope=openid&redirect_uri=http://localhost&" +
		"code_challenge_method=S256&code_challenge=" + strings.Repeat("x", 43) + "&client_id=" + facts.ClientID
	if _, err := browser.Open(t.Context(), authorize); err == nil {
		t.Error("the robot has no code, and the sign-in succeeded")
	}
	got := <-mail
	if len(got) != 1 || got[0].To != facts.User || got[0].Number != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestClientReportsARejectionAsError(t *testing.T) {
	_, c := serve(t)
	for _, row := range []struct {
		name   string
		call   func() error
		status int
	}{
		{"an unknown account", func() error {
			return c.SetMFA(t.Context(), "nobody@contoso.example", true)
		}, http.StatusNotFound},
		{"an invalid email address", func() error {
			_, err := c.AddUser(t.Context(), control.User{Email: "x"})
			return err
		}, http.StatusBadRequest},
		{"a wrong key", func() error {
			stranger := *c
			stranger.Key = "another"
			return stranger.SetPolicy(t.Context(), true)
		}, http.StatusForbidden},
	} {
		rejected, ok := errors.AsType[*control.Error](row.call())
		if !ok || rejected.Status != row.status || rejected.Message == "" {
			t.Errorf("%s: got %+v", row.name, rejected)
		}
	}
}

func TestClientReportsAnUnreachableSandbox(t *testing.T) {
	_, c := serve(t)
	stopped := *c
	stopped.URL = "http://127.0.0.1:1/control"
	err := stopped.SetPolicy(t.Context(), true)
	if err == nil {
		t.Fatal("got no error")
	}
	if _, rejected := errors.AsType[*control.Error](err); rejected {
		t.Errorf("got a rejection: %v", err)
	}
}
