// Package obo exchanges a caller's access token for a Microsoft Graph token that
// acts on the caller's behalf (learn.microsoft.com, "OAuth 2.0 On-Behalf-Of
// flow").
//
// MSAL speaks the protocol, but its token cache is not used. In memory it never
// evicts anything (13.5 KB for each user), and its format cannot be stored
// elsewhere. So a confidential client makes a limited number of exchanges and is
// then dropped together with its cache. Results are kept in a bounded cache of
// this package until shortly before they or their assertion expire. Concurrent
// requests with the same assertion share one exchange.
package obo

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/pace"
	"github.com/profilectl/profilectl/internal/shared"
)

// Config is what an Exchanger needs. All fields but MaxEntries and Shared must be
// set.
type Config struct {
	Authority  authority.Authority
	ClientID   string     // of the mid-tier
	Credential Credential // authenticates the mid-tier to the tenant
	HTTP       *http.Client
	Scope      string        // of the new token, such as https://graph.microsoft.com/User.ReadWrite
	MaxEntries int           // number of cached results; 0 is 2000
	Shared     *shared.Store // caches results for all replicas; nil for none
}

const (
	defaultEntries = 2000
	// maxToken is the size in bytes of the longest token that is cached. Together
	// with the number of entries it bounds the memory of the cache.
	maxToken = 16 << 10
	// expiryMargin is how long before its expiry a cached token is no longer
	// returned: it must outlive the call that it is returned for.
	expiryMargin = 5 * time.Minute
	// exchangeTimeout limits an exchange whose context has no deadline.
	exchangeTimeout = 30 * time.Second
	// maxPerClient is the number of exchanges that one MSAL client makes. It is high
	// enough that creating clients does not matter, and low enough that their caches
	// do not either.
	maxPerClient = 100
)

// Exchanger exchanges assertions. It is safe for concurrent use.
type Exchanger struct {
	config  Config
	http    *http.Client
	current atomic.Pointer[generation]
	cache   *bounded.Cache[string]
	flights flights
}

// New returns an Exchanger. It sends nothing. It fails with a Usage fault if MSAL
// rejects the credential.
func New(c Config) (*Exchanger, error) {
	if c.MaxEntries == 0 {
		c.MaxEntries = defaultEntries
	}
	e := &Exchanger{
		config:  c,
		http:    msalHTTP(c.HTTP, c.Authority),
		cache:   bounded.New[string](c.MaxEntries),
		flights: flights{flights: map[bounded.Key]*flight{}},
	}
	if _, err := e.client(); err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the mid-tier's credential cannot be used",
			Fix:  "check the client secret or certificate",
			Err:  err,
		}
	}
	return e, nil
}

// generation is an MSAL client in use.
type generation struct {
	client  confidential.Client
	version int // of the credential
	used    atomic.Int64
}

// client returns an MSAL client with the current credential that has not yet made
// maxPerClient exchanges.
func (e *Exchanger) client() (confidential.Client, error) {
	credential, version := e.config.Credential.get()
	if g := e.current.Load(); g != nil && g.version == version && g.used.Add(1) <= maxPerClient {
		return g.client, nil
	}
	client, err := newClient(e.config.Authority, e.config.ClientID, credential, e.http)
	if err == nil {
		e.current.Store(&generation{client: client, version: version})
	}
	return client, err
}

// Assertion is a caller's access token. It must have been verified.
type Assertion struct {
	Token   string
	Key     bounded.Key // the hash of Token
	Expires time.Time
	// User identifies the user who takes turns with others if exchanges are paced.
	User string
	// Idle is called when the caller begins to wait for its turn or for the exchange of
	// another caller, and the function that it returns when the wait is over. Nil is no
	// call.
	Idle func() (resume func())
}

// Result is what an exchange returned: a token or a challenge.
type Result struct {
	Token string // for Microsoft Graph
	// Challenge is set if the identity provider requires a stronger sign-in. It holds
	// the claims exactly as they were received.
	Challenge *challenge.Challenge
	// Cached reports whether Token came from a cache, of this replica or of all, so
	// that nothing was sent to the identity provider.
	Cached bool
	// Merged reports whether another caller with the same assertion made the exchange.
	Merged bool
}

// Exchange returns a Graph token for the assertion's user, or a challenge.
func (e *Exchanger) Exchange(ctx context.Context, a Assertion) (Result, error) {
	if token, ok := e.cache.Get(a.Key, time.Now()); ok {
		return Result{Token: token, Cached: true}, nil
	}
	// The callers that wait for an exchange arrived after the one that makes it, so
	// none of them waits beyond its own deadline.
	return e.flights.do(ctx, a, func(gone <-chan struct{}) (Result, error) {
		ctx, cancel := detach(ctx)
		defer cancel()
		return e.find(pace.WithCaller(ctx, pace.Caller{User: a.User, Gone: gone, Idle: a.Idle}), a)
	})
}

// Forget removes the assertion's token from all caches, so that the next Exchange
// asks the tenant. It is for a token that Graph rejects although it has not
// expired.
func (e *Exchanger) Forget(ctx context.Context, a Assertion) {
	e.cache.Delete(a.Key)
	e.current.Store(nil) // MSAL's cache holds the token too
	if e.config.Shared != nil {
		e.config.Shared.Delete(ctx, a.Key)
	}
}

// detach returns a context with ctx's deadline that is not canceled with ctx: a
// caller that disconnects must not fail the others that wait for the same
// exchange.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(exchangeTimeout)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// find uses a result cached by another replica, or makes the exchange.
func (e *Exchanger) find(ctx context.Context, a Assertion) (Result, error) {
	store := e.config.Shared
	if store == nil {
		result, _, err := e.exchange(ctx, a)
		return result, err
	}
	if token, until, ok := store.Get(ctx, a.Key); ok {
		e.keep(a, token, until)
		return Result{Token: token, Cached: true}, nil
	}
	result, until, err := e.exchange(ctx, a)
	if result.Token != "" {
		store.Put(ctx, a.Key, result.Token, until)
	}
	return result, err
}

// exchange makes the exchange and caches its token until the returned time.
func (e *Exchanger) exchange(ctx context.Context, a Assertion) (Result, time.Time, error) {
	client, err := e.client()
	if err != nil {
		return Result{}, time.Time{}, fmt.Errorf("make MSAL client: %w", err)
	}
	got, err := client.AcquireTokenOnBehalfOf(ctx, a.Token, []string{e.config.Scope})
	if err != nil {
		err = aadsts.FromMSAL(err, "exchange the access token")
		if ch := aadsts.Challenge(err); ch != nil {
			return Result{Challenge: ch}, time.Time{}, nil
		}
		return Result{}, time.Time{}, err
	}
	until := got.ExpiresOn
	if a.Expires.Before(until) {
		until = a.Expires
	}
	until = until.Add(-expiryMargin)
	e.keep(a, got.AccessToken, until)
	return Result{Token: got.AccessToken}, until, nil
}

// keep caches a token in memory, unless it is larger than maxToken.
func (e *Exchanger) keep(a Assertion, token string, until time.Time) {
	if len(token) <= maxToken {
		e.cache.Put(a.Key, token, until)
	}
}
