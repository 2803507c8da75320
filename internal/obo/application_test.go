package obo_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newApplication(t *testing.T, e http.RoundTripper, credential obo.Credential) *obo.Application {
	t.Helper()
	const tid = "aaaabbbb-0000-4ccc-8111-dddd2222eeee"
	const origin = "https://" + tid + ".ciamlogin.com/" + tid
	a, err := obo.NewApplication(obo.ApplicationConfig{
		Authority: authority.Authority{
			URL:                   origin,
			TenantID:              tid,
			Issuer:                origin + "/v2.0",
			AuthorizationEndpoint: origin + "/oauth2/v2.0/authorize",
			TokenEndpoint:         origin + "/oauth2/v2.0/token",
		},
		ClientID:   "77777777-7777-8888-9999-000000000000",
		Credential: credential,
		HTTP:       &http.Client{Transport: e},
		Scope:      "https://graph.microsoft.com/.default",
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func secret(t *testing.T) obo.Credential {
	t.Helper()
	c, err := obo.Secret("secret", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// token returns the token of an application.
func token(t *testing.T, a *obo.Application) string {
	t.Helper()
	result, err := a.Token(t.Context(), obo.Assertion{})
	if err != nil {
		t.Fatal(err)
	}
	return result.Token
}

func TestApplicationReusesItsTokenUntilShortlyBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{client: true, lifetime: time.Hour}
		a := newApplication(t, e, secret(t))
		first := token(t, a)
		time.Sleep(55*time.Minute - time.Second)
		if again := token(t, a); again != first {
			t.Errorf("got %s, want %s", again, first)
		}
		time.Sleep(2 * time.Second)
		if again := token(t, a); again == first || e.requests != 2 {
			t.Errorf("got %s after %d requests", again, e.requests)
		}
	})
}

func TestApplicationSharesOneRequestAmongConcurrentCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{client: true, lifetime: time.Hour, delay: time.Second}
		a := newApplication(t, e, secret(t))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { token(t, a) })
		}
		all.Wait()
		if e.requests != 1 {
			t.Errorf("%d requests", e.requests)
		}
	})
}

// TestApplicationForgetsOldTokensOnly: a permission that is missing must not lead to one
// request for each edit.
func TestApplicationForgetsOldTokensOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{client: true, lifetime: time.Hour}
		a := newApplication(t, e, secret(t))
		first := token(t, a)
		a.Forget(first)
		if again := token(t, a); again != first {
			t.Errorf("a new token was forgotten: got %s", again)
		}
		time.Sleep(time.Minute)
		a.Forget("another token")
		if again := token(t, a); again != first {
			t.Errorf("the wrong token was forgotten: got %s", again)
		}
		a.Forget(first)
		if again := token(t, a); again == first {
			t.Error("the token was not forgotten")
		}
	})
}

func TestApplicationReportsARejectedCredential(t *testing.T) {
	e := &endpoint{refusal: `{"error":"invalid_client","error_codes":[7000215]}`}
	_, err := newApplication(t, e, secret(t)).Token(t.Context(), obo.Assertion{})
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !obo.RejectsCredential(err) || !f.ForOperator || f.Advice() == "" {
		t.Errorf("got %+v", err)
	}
}

// TestApplicationUsesANewCredentialAtOnce: a token of the old credential is not used.
func TestApplicationUsesANewCredentialAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	credential, err := obo.SecretFile(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{client: true, lifetime: time.Hour}
	a := newApplication(t, e, credential)
	first := token(t, a)
	write("the second secret")
	if _, err := credential.Reload(); err != nil {
		t.Fatal(err)
	}
	if again := token(t, a); again == first || e.requests != 2 {
		t.Errorf("got %s after %d requests", again, e.requests)
	}
}

// TestApplicationAcceptsEveryCredential acquires tokens of a sandbox tenant.
func TestApplicationAcceptsEveryCredential(t *testing.T) {
	w := newWorld(t)
	app, err := w.tenant.AddApp(control.App{
		Name:        "attributes",
		AppRoles:    []string{"User.ReadWrite.All"},
		Permissions: []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, time.Now().Add(time.Hour))
	if err := w.tenant.AddCertificate(app.ID, p.certificate); err != nil {
		t.Fatal(err)
	}
	const issuer, subject = "https://kubernetes.example", "system:serviceaccount:default:mid-tier"
	der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := w.tenant.TrustWorkload(app.ID, issuer, subject, public); err != nil {
		t.Fatal(err)
	}
	workload, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    issuer,
		Subject:   subject,
		Audience:  jwt.ClaimStrings{"api://AzureADTokenExchange"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (obo.Credential, error){
		"a secret file": func() (obo.Credential, error) {
			return obo.SecretFile(w.put(t, "secret", []byte(app.Secret+"\n")), w.logger())
		},
		"a certificate": func() (obo.Credential, error) {
			return obo.Certificate(w.put(t, "app.pem", p.pem), "", w.logger())
		},
		"a federated token": func() (obo.Credential, error) {
			return obo.FederatedToken(w.put(t, "token", []byte(workload)), w.logger())
		},
	} {
		credential, err := open()
		if err != nil {
			t.Fatal(err)
		}
		result, err := w.application(t, app.ID, credential).Token(t.Context(), obo.Assertion{})
		if err != nil || result.Token == "" {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
}

// application returns an application of the tenant.
func (w *world) application(t *testing.T, clientID string, c obo.Credential) *obo.Application {
	t.Helper()
	form, err := authority.Parse(w.facts.TenantID)
	if err != nil {
		t.Fatal(err)
	}
	found, err := authority.Discover(t.Context(), w.tenant.Client(), form)
	if err != nil {
		t.Fatal(err)
	}
	a, err := obo.NewApplication(obo.ApplicationConfig{
		Authority:  found,
		ClientID:   clientID,
		Credential: c,
		HTTP:       w.tenant.Client(),
		Scope:      "https://graph.microsoft.com/.default",
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
