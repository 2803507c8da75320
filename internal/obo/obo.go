// Package obo exchanges a caller's access token for one to Microsoft Graph that
// acts on the caller's behalf (learn.microsoft.com, "OAuth 2.0 On-Behalf-Of
// flow").
//
// MSAL speaks the protocol, but its cache is not used: in memory it never
// forgets, 13.5 KB for each user, for ever, and it cannot be kept elsewhere. So a
// confidential client makes a few exchanges and is dropped with what it
// remembers; results are kept in a cache of our own, bounded in number, until
// shortly before they or their assertion expire. Concurrent requests with one
// assertion share one exchange.
package obo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"golang.org/x/sync/singleflight"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Config is what an Exchanger needs. All fields but MaxEntries must be set.
type Config struct {
	Authority  authority.Authority
	ClientID   string
	Credential Credential // how the mid-tier proves itself
	HTTP       *http.Client
	Scope      string // as https://graph.microsoft.com/User.ReadWrite
	MaxEntries int    // results kept; 0 is 2000
}

const (
	defaultEntries = 2000
	// early is how long before its end a result is not used any more: it must
	// outlive the call it is handed out for.
	early = 5 * time.Minute
	// exchangeLimit ends an exchange that nobody may be waiting for any more.
	exchangeLimit = 30 * time.Second
	// perClient is how many exchanges one MSAL client makes: enough that its own
	// making does not count, and what it remembers neither.
	perClient = 100
)

// Exchanger exchanges assertions. It is safe for concurrent use.
type Exchanger struct {
	config  Config
	http    *http.Client
	current atomic.Pointer[generation]
	cache   *bounded.Cache[string]
	flights singleflight.Group
}

// New returns an Exchanger. Nothing is sent yet.
func New(c Config) (*Exchanger, error) {
	if c.MaxEntries == 0 {
		c.MaxEntries = defaultEntries
	}
	shared := *c.HTTP
	shared.Transport = c.Authority.Transport(c.HTTP.Transport)
	e := &Exchanger{config: c, http: &shared, cache: bounded.New[string](c.MaxEntries)}
	if _, err := e.client(); err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: "the mid-tier's credential cannot be used", Fix: "check the client secret or certificate", Err: err}
	}
	return e, nil
}

// generation is an MSAL client in use.
type generation struct {
	client  confidential.Client
	version int // of the credential
	used    atomic.Int64
}

// client returns one that has not made too many exchanges, with the credential
// of now.
func (e *Exchanger) client() (confidential.Client, error) {
	credential, version := e.config.Credential.get()
	if g := e.current.Load(); g != nil && g.version == version && g.used.Add(1) <= perClient {
		return g.client, nil
	}
	client, err := confidential.New(e.config.Authority.URL, e.config.ClientID, credential,
		confidential.WithInstanceDiscovery(false), // MSAL Go knows no external tenants (#411)
		confidential.WithHTTPClient(e.http))
	if err == nil {
		e.current.Store(&generation{client: client, version: version})
	}
	return client, err
}

// outcome is what an exchange came to.
type outcome struct {
	token  string
	demand *challenge.Challenge
}

// Exchange returns a Graph token for the assertion's user. The assertion must
// have been verified; expires is its end. A challenge, where Exchange returns
// one, says that the identity provider wants a stronger sign-in, with its
// claims as they came. Cached tells that nobody had to be asked.
func (e *Exchanger) Exchange(ctx context.Context, assertion string, expires time.Time) (token string, demand *challenge.Challenge, cached bool, err error) {
	key := bounded.KeyOf(assertion)
	if token, ok := e.cache.Get(key, time.Now()); ok {
		return token, nil, true, nil
	}
	done := e.flights.DoChan(string(key[:]), func() (any, error) {
		// One caller that goes away must not fail the others.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeLimit)
		defer cancel()
		return e.exchange(own, key, assertion, expires)
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return "", nil, false, result.Err
		}
		o, _ := result.Val.(outcome)
		return o.token, o.demand, false, nil
	case <-ctx.Done():
		return "", nil, false, upstream.Fault(ctx.Err(), "cannot exchange the access token")
	}
}

func (e *Exchanger) exchange(ctx context.Context, key bounded.Key, assertion string, expires time.Time) (outcome, error) {
	client, err := e.client()
	if err != nil {
		return outcome{}, fmt.Errorf("make MSAL client: %w", err)
	}
	result, err := client.AcquireTokenOnBehalfOf(ctx, assertion, []string{e.config.Scope})
	if err != nil {
		demand, err := refused(err)
		return outcome{demand: demand}, err
	}
	until := result.ExpiresOn
	if expires.Before(until) {
		until = expires
	}
	e.cache.Put(key, result.AccessToken, until.Add(-early))
	return outcome{token: result.AccessToken}, nil
}

// refused tells a challenge from everything else that can go wrong.
func refused(err error) (*challenge.Challenge, error) {
	const doing = "exchange the access token"
	var call msal.CallErr
	if errors.As(err, &call) && call.Resp != nil && call.Resp.Body != nil {
		if no := aadsts.Read(call.Resp.Body); no != nil {
			if no.Interactive() && no.StepUp() {
				return &challenge.Challenge{Claims: no.Claims}, nil
			}
			return nil, no.Fault(doing)
		}
		return nil, &fault.Error{
			Kind: fault.Unavailable, What: fmt.Sprintf("cannot %s: the tenant answered with HTTP status %d", doing, call.Resp.StatusCode),
			Fix: "try again in a minute", Err: err,
		}
	}
	var garbled msal.InvalidJsonErr
	if errors.As(err, &garbled) {
		return nil, &fault.Error{Kind: fault.Unavailable, What: "cannot " + doing + ": the tenant's answer cannot be read", Fix: "try again in a minute", Err: err}
	}
	return nil, upstream.Fault(err, "cannot "+doing)
}
