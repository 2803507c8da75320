package obo

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/pace"
)

// ApplicationConfig is what an Application needs. All fields must be set.
type ApplicationConfig struct {
	Authority  authority.Authority
	ClientID   string     // of the registration that acts for itself
	Credential Credential // authenticates it to the tenant
	HTTP       *http.Client
	Scope      string // such as https://graph.microsoft.com/.default
}

// Application acquires access tokens with which a registration acts for itself, not for
// a user (learn.microsoft.com, "OAuth 2.0 client credentials flow"). It keeps the token
// in memory until shortly before it expires. It is safe for concurrent use.
type Application struct {
	config  ApplicationConfig
	http    *http.Client
	token   atomic.Pointer[issued]
	flights flights
}

// issued is a token of an Application.
type issued struct {
	text       string
	since      time.Time
	until      time.Time // when it is no longer returned
	credential int       // the version of the credential that it was issued for
}

// NewApplication returns an Application. It sends nothing. It fails with a Usage fault if
// MSAL rejects the credential.
func NewApplication(c ApplicationConfig) (*Application, error) {
	a := &Application{
		config:  c,
		http:    msalHTTP(c.HTTP, c.Authority),
		flights: flights{flights: map[bounded.Key]*flight{}},
	}
	credential, _ := c.Credential.get()
	if _, err := newClient(c.Authority, c.ClientID, credential, a.http); err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the credential of attributes-client-id cannot be used",
			Fix:  "check its client secret or certificate",
			Err:  err,
		}
	}
	return a, nil
}

// Token returns an access token. If the request for it is paced, it takes the turn of
// the user in f, whose other fields but Idle do not matter. Concurrent callers share one
// request.
func (a *Application) Token(ctx context.Context, f Assertion) (Result, error) {
	_, version := a.config.Credential.get()
	if t := a.token.Load(); t != nil && t.credential == version && time.Now().Before(t.until) {
		return Result{Token: t.text, Cached: true}, nil
	}
	f.Key = bounded.Key{} // all callers wait for the same token
	return a.flights.do(ctx, f, func(gone <-chan struct{}) (Result, error) {
		ctx, cancel := detach(ctx)
		defer cancel()
		return a.acquire(pace.WithCaller(ctx, pace.Caller{User: f.User, Gone: gone, Idle: f.Idle}))
	})
}

// acquire requests a token. Each request has an MSAL client of its own: there is one an
// hour, and a new client has no cache that could return an older token.
func (a *Application) acquire(ctx context.Context) (Result, error) {
	const doing = "get a token to change attributes"
	credential, version := a.config.Credential.get()
	client, err := newClient(a.config.Authority, a.config.ClientID, credential, a.http)
	if err != nil {
		return Result{}, aadsts.FromMSAL(err, doing)
	}
	got, err := client.AcquireTokenByCredential(ctx, []string{a.config.Scope})
	if err != nil {
		return Result{}, aadsts.FromMSAL(err, doing)
	}
	a.token.Store(&issued{
		text:       got.AccessToken,
		since:      time.Now(),
		until:      got.ExpiresOn.Add(-expiryMargin),
		credential: version,
	})
	return Result{Token: got.AccessToken}, nil
}

// Forget makes the next Token request another token, because Graph rejects the one that
// was returned. A token that lacks a permission does not get it when an administrator
// grants it later. Forget keeps a token that is younger than a minute, so that a missing
// permission does not lead to one request for each edit.
func (a *Application) Forget(token string) {
	const youngest = time.Minute
	t := a.token.Load()
	if t != nil && t.text == token && time.Since(t.since) >= youngest {
		a.token.CompareAndSwap(t, nil)
	}
}

// newClient returns an MSAL client.
func newClient(
	a authority.Authority,
	clientID string,
	credential confidential.Credential,
	client *http.Client,
) (confidential.Client, error) {
	return confidential.New(a.URL, clientID, credential,
		confidential.WithInstanceDiscovery(false), // MSAL Go knows no external tenants (#411)
		confidential.WithHTTPClient(client))
}

// msalHTTP returns the client with which MSAL sends its requests to the tenant.
func msalHTTP(c *http.Client, a authority.Authority) *http.Client {
	client := *c
	client.Transport = a.Transport(repeatable{c.Transport})
	return &client
}
