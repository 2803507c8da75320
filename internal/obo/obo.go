// Package obo exchanges a caller's access token for one to Microsoft Graph that
// acts on the caller's behalf (learn.microsoft.com, "OAuth 2.0 On-Behalf-Of
// flow").
//
// MSAL speaks the protocol, but its cache is not relied on: in memory it never
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
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Config is what an Exchanger needs. All fields but MaxEntries and
// Shared must be set.
type Config struct {
	Authority  authority.Authority
	ClientID   string
	Credential Credential // how the mid-tier proves itself
	HTTP       *http.Client
	Scope      string // as https://graph.microsoft.com/User.ReadWrite
	MaxEntries int    // results kept; 0 is 2000
	// Shared keeps results for all replicas; nil for none.
	Shared *shared.Store
}

const (
	defaultEntries = 2000
	// maxToken is how long a result may be that is kept, in bytes: with the number
	// of entries, it bounds the memory.
	maxToken = 16 << 10
	// early is how long before its end a result is not used any more: it must
	// outlive the call it is handed out for.
	early = 5 * time.Minute
	// exchangeLimit ends an exchange whose request has no limit of its own.
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
	shared.Transport = c.Authority.Transport(repeating{c.HTTP.Transport})
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
	cached bool // by another replica
}

// Assertion is a caller's access token, which must have been verified.
type Assertion struct {
	Token   string
	Key     bounded.Key // its hash
	Expires time.Time
}

// Exchange returns a Graph token for the assertion's user. A challenge, where
// Exchange returns one, says that the identity provider wants a stronger
// sign-in, with its claims as they came. Cached tells that nobody had to be
// asked.
func (e *Exchanger) Exchange(ctx context.Context, a Assertion) (token string, demand *challenge.Challenge, cached bool, err error) {
	if token, ok := e.cache.Get(a.Key, time.Now()); ok {
		return token, nil, true, nil
	}
	// Those who wait for the same exchange came later than the one who makes it,
	// so none waits past the end of its own time.
	result, err, _ := e.flights.Do(string(a.Key[:]), func() (any, error) {
		own, cancel := e.detach(ctx)
		defer cancel()
		return e.find(own, a)
	})
	if err != nil {
		return "", nil, false, err
	}
	o, _ := result.(outcome)
	return o.token, o.demand, o.cached, nil
}

// Forget makes the next Exchange ask the tenant again: Graph did not take the
// result any more, although it looked good.
func (e *Exchanger) Forget(ctx context.Context, a Assertion) {
	e.cache.Delete(a.Key)
	e.current.Store(nil) // with what MSAL remembers
	if e.config.Shared != nil {
		e.config.Shared.Delete(ctx, a.Key)
	}
}

// detach keeps the time limit of a request, but not its end: a caller that goes
// away must not fail the others that wait for the same exchange.
func (e *Exchanger) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = time.Now().Add(exchangeLimit)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// find takes the result that another replica had, or makes the exchange.
func (e *Exchanger) find(ctx context.Context, a Assertion) (outcome, error) {
	if e.config.Shared == nil {
		o, _, err := e.exchange(ctx, a)
		return o, err
	}
	if token, until, ok := e.config.Shared.Get(ctx, a.Key); ok {
		e.keep(a, token, until)
		return outcome{token: token, cached: true}, nil
	}
	o, until, err := e.exchange(ctx, a)
	if o.token != "" {
		e.config.Shared.Put(ctx, a.Key, o.token, until)
	}
	return o, err
}

// exchange makes the exchange, and keeps its result until the moment returned.
func (e *Exchanger) exchange(ctx context.Context, a Assertion) (outcome, time.Time, error) {
	client, err := e.client()
	if err != nil {
		return outcome{}, time.Time{}, fmt.Errorf("make MSAL client: %w", err)
	}
	result, err := client.AcquireTokenOnBehalfOf(ctx, a.Token, []string{e.config.Scope})
	if err != nil {
		demand, err := refused(err)
		return outcome{demand: demand}, time.Time{}, err
	}
	until := result.ExpiresOn
	if a.Expires.Before(until) {
		until = a.Expires
	}
	until = until.Add(-early)
	e.keep(a, result.AccessToken, until)
	return outcome{token: result.AccessToken}, until, nil
}

// keep keeps a result in memory, unless it is too long for the memory's bound.
func (e *Exchanger) keep(a Assertion, token string, until time.Time) {
	if len(token) <= maxToken {
		e.cache.Put(a.Key, token, until)
	}
}

// refused tells a challenge from everything else that can go wrong.
func refused(err error) (*challenge.Challenge, error) {
	const doing = "exchange the access token"
	var call msal.CallErr
	if errors.As(err, &call) && call.Resp != nil && call.Resp.Body != nil {
		overloaded := upstream.Overloaded(fmt.Sprintf("cannot %s: the tenant answered with HTTP status %d", doing, call.Resp.StatusCode), call.Resp)
		if call.Resp.StatusCode == http.StatusTooManyRequests || call.Resp.StatusCode >= http.StatusInternalServerError {
			return nil, overloaded
		}
		if no := aadsts.Read(call.Resp.Body); no != nil {
			if no.Interactive() && no.StepUp() {
				return &challenge.Challenge{Claims: no.Claims}, nil
			}
			return nil, no.Fault(doing)
		}
		return nil, overloaded
	}
	var garbled msal.InvalidJsonErr
	if errors.As(err, &garbled) {
		return nil, &fault.Error{Kind: fault.Unavailable, What: "cannot " + doing + ": the tenant's answer cannot be read", Fix: "try again in a minute", Err: err}
	}
	return nil, upstream.Fault(err, "cannot "+doing)
}
