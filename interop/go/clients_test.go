// Package interop holds Go clients that know nothing of the sandbox against it.
// Run it with: profilectl sandbox exec -- go test ./...
package interop

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// env is a variable that sandbox exec sets.
func env(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run the tests with profilectl sandbox exec", name)
	}
	return value
}

// web trusts the sandbox's CA.
func web(t *testing.T) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(env(t, "SANDBOX_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

// answers is a browser's network that keeps what is sent to the redirect URI.
type answers struct {
	redirect string
	mu       sync.Mutex
	got      url.Values
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(req.URL.String(), a.redirect) {
		return http.DefaultTransport.RoundTrip(req)
	}
	values := req.URL.Query()
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return nil, err
		}
		for name := range form {
			values.Set(name, form.Get(name))
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = values
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// browse signs the sandbox's user in and returns what came to the redirect URI.
func browse(t *testing.T, address, redirect string) url.Values {
	t.Helper()
	network := &answers{redirect: redirect}
	browser, err := robot.New(robot.Person{Email: env(t, "SANDBOX_USER"), Password: env(t, "SANDBOX_PASSWORD"), Code: robot.Mailbox(env(t, "SANDBOX_MAILBOX"))}, network)
	if err != nil {
		t.Fatal(err)
	}
	page, err := browser.Open(t.Context(), address)
	if err != nil || network.got == nil {
		t.Fatalf("%v; the browser shows: %s", err, page.Text)
	}
	return network.got
}

// TestAPlainRelyingParty signs in with go-oidc, which checks discovery, issuer,
// keys, signature, audience and nonce by the standard alone.
func TestAPlainRelyingParty(t *testing.T) {
	ctx := oidc.ClientContext(t.Context(), web(t))
	provider, err := oidc.NewProvider(ctx, env(t, "SANDBOX_AUTHORITY")+"/v2.0")
	if err != nil {
		t.Fatal(err)
	}
	const redirect = "http://localhost:3000/auth/redirect"
	config := oauth2.Config{
		ClientID: env(t, "SANDBOX_WEB_CLIENT_ID"), ClientSecret: env(t, "SANDBOX_WEB_CLIENT_SECRET"), Endpoint: provider.Endpoint(),
		RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier := oauth2.GenerateVerifier()
	got := browse(t, config.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier)), redirect)
	if got.Get("state") != "state" {
		t.Fatalf("got %v", got)
	}
	tokens, err := config.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil || id.Nonce != "nonce" {
		t.Fatalf("got %+v, %v", id, err)
	}
	var claims struct {
		Username string `json:"preferred_username"`
		Tenant   string `json:"tid"`
	}
	if err := id.Claims(&claims); err != nil || claims.Username != env(t, "SANDBOX_USER") || claims.Tenant != env(t, "SANDBOX_TENANT_ID") {
		t.Errorf("got %+v, %v", claims, err)
	}
	if _, err := config.Exchange(ctx, got.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
		t.Error("the code was good for a second time")
	}
}

// person is an azcore credential: MSAL Go, and somebody at the browser.
type person struct {
	t      *testing.T
	client public.Client
	asked  []string // the claims of each request
}

func newPerson(t *testing.T) *person {
	t.Helper()
	client, err := public.New(env(t, "SANDBOX_CLIENT_ID"), public.WithAuthority(env(t, "SANDBOX_AUTHORITY")),
		public.WithInstanceDiscovery(false), public.WithHTTPClient(web(t)), public.WithClientCapabilities([]string{"cp1"}))
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, client: client}
}

// GetToken signs in anew each time (azcore.TokenCredential).
func (p *person) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	p.asked = append(p.asked, o.Claims)
	const redirect = "http://localhost:53210"
	options := []public.AuthCodeURLOption{}
	redeem := []public.AcquireByAuthCodeOption{public.WithChallenge(strings.Repeat("v", 43))}
	if o.Claims != "" {
		options, redeem = append(options, public.WithClaims(o.Claims)), append(redeem, public.WithClaims(o.Claims))
	}
	address, err := p.client.AuthCodeURL(ctx, env(p.t, "SANDBOX_CLIENT_ID"), redirect, o.Scopes, options...)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	got := browse(p.t, address+"&code_challenge_method=S256&code_challenge="+oauth2.S256ChallengeFromVerifier(strings.Repeat("v", 43)), redirect)
	result, err := p.client.AcquireTokenByAuthCode(ctx, got.Get("code"), redirect, o.Scopes, redeem...)
	return azcore.AccessToken{Token: result.AccessToken, ExpiresOn: result.ExpiresOn}, err
}

// TestAzcoresPolicyAnswersTheMidTiersChallenge runs the mid-tier with a required
// authentication context: azcore reads the challenge by itself, gets a token with
// its claims, and sends the request again.
func TestAzcoresPolicyAnswersTheMidTiersChallenge(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	serve := exec.Command(env(t, "PROFILECTL"), "serve", "--require-auth-context", "c1")
	serve.Env = append(os.Environ(), "PROFILECTL_READY_FILE="+ready, "PROFILECTL_SERVE_LISTEN=localhost:0", "PROFILECTL_SERVE_ADMIN_LISTEN=localhost:0")
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = serve.Process.Kill(); _ = serve.Wait() })
	var address []byte
	for deadline := time.Now().Add(20 * time.Second); len(address) == 0; time.Sleep(10 * time.Millisecond) {
		if address, _ = os.ReadFile(ready); time.Now().After(deadline) {
			t.Fatal("the mid-tier did not start")
		}
	}
	who := newPerson(t)
	pipeline := runtime.NewPipeline("interop", "1", runtime.PipelineOptions{PerRetry: []policy.Policy{
		runtime.NewBearerTokenPolicy(who, []string{env(t, "SANDBOX_EDIT_SCOPE")}, &policy.BearerTokenOptions{InsecureAllowCredentialWithHTTP: true}),
	}}, nil)
	req, err := runtime.NewRequest(t.Context(), http.MethodPost, strings.TrimSpace(string(address))+"/updateUserInfo")
	if err == nil {
		err = runtime.MarshalAsJSON(req, map[string]string{"displayName": "Ada L.", "givenName": "Ada", "surname": "Lovelace"})
	}
	if err != nil {
		t.Fatal(err)
	}
	res, err := pipeline.Do(req)
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("got %v, %v", res, err)
	}
	want := []string{"", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`}
	if !slices.Equal(who.asked, want) {
		t.Errorf("asked with the claims %q", who.asked)
	}
}

// TestMSALGoExchangesOnBehalfOf is the mid-tier's part with MSAL Go alone.
func TestMSALGoExchangesOnBehalfOf(t *testing.T) {
	token, err := newPerson(t).GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{env(t, "SANDBOX_EDIT_SCOPE")}})
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(secret string) (confidential.AuthResult, error) {
		credential, err := confidential.NewCredFromSecret(secret)
		if err != nil {
			t.Fatal(err)
		}
		client, err := confidential.New(env(t, "SANDBOX_AUTHORITY"), env(t, "SANDBOX_MID_TIER_ID"), credential, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(web(t)))
		if err != nil {
			t.Fatal(err)
		}
		return client.AcquireTokenOnBehalfOf(t.Context(), token.Token, []string{"https://graph.microsoft.com/User.ReadWrite"})
	}
	got, err := exchange(env(t, "SANDBOX_MID_TIER_SECRET"))
	if err != nil || got.AccessToken == "" {
		t.Fatalf("got %v", err)
	}
	if _, err := exchange("wrong"); err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret: got %v", err)
	}
}
