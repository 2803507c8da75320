// Package bearer authenticates the caller of a request: an access token in, a
// Caller out. Before it succeeds, no part of a request is trusted.
//
// A token is valid if the tenant signed it (RS256, with a key of its JWKS), for
// this API, for this tenant and for a user, if it is not expired, and if it has the
// scope that the API exposes. Keys are fetched at the start and in the background.
// An unknown key id fetches them again, at a limited rate, and old keys stay in use
// while the tenant's endpoint is down.
package bearer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/challenge"
)

// Config is what a Verifier needs. All fields but Audiences, AuthContext and MaxAge must
// be set.
type Config struct {
	Authority authority.Authority
	ClientID  string // of the API
	// Audiences are the accepted values of aud; empty is ClientID and api://ClientID. The
	// audience of a v2 token is the client id of the API. That of a v1 token is the App
	// ID URI, which can have any form: api://contoso/profile, https://contoso.com/profile.
	Audiences   []string
	Scope       string // short name, such as EditProfileService.ReadWrite
	AuthContext string // authentication context that acrs must contain; empty for none
	// MaxAge is the maximum time since the caller signed in, by the token's auth_time;
	// 0 for no limit. Tokens have that claim only if the API's registration requests
	// it; tokens without it are accepted.
	MaxAge time.Duration
	HTTP   *http.Client
	Log    *slog.Logger
}

// Caller is the account that sent a request.
type Caller struct {
	ID        string      // identifies the user; see claims.userID
	Client    string      // the client id of the app that it uses
	Assertion string      // the access token, for the on-behalf-of flow
	Key       bounded.Key // the hash of Assertion
	Expires   time.Time   // when Assertion expires
}

// User returns the claim that identifies the user, oid or sub, and its value.
func (c Caller) User() (claim, value string) {
	claim, value, _ = strings.Cut(c.ID, ":")
	if end := strings.LastIndexByte(value, '.'); end >= 0 {
		value = value[:end]
	}
	return claim, value
}

const (
	leeway   = 60 * time.Second // allowed difference between clocks
	maxToken = 16 << 10         // size in bytes; Entra's tokens have under 4 KB
	// cacheFor is how long a verified token is accepted from the cache without
	// verifying its signature again. A withdrawn key is accepted for as long.
	cacheFor   = time.Minute
	maxEntries = 2000
)

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	// issuers are the tenant's, and that of its v1 tokens. An API gets v1 tokens if
	// its registration does not request v2.
	issuers   []string
	audiences []string
	cache     *bounded.Cache[Caller] // of verified tokens
	keys      keys
	parser    *jwt.Parser
	warnOnce  sync.Once   // warns that MaxAge has no effect
	ready     atomic.Bool // keys were loaded; they are never removed
}

// New fetches the tenant's keys and returns a Verifier. If the keys cannot be
// fetched, it returns a Verifier that rejects every token and is not Ready until
// they are. Fetching in the background ends with ctx.
func New(ctx context.Context, c Config) (*Verifier, error) {
	keys, err := fetchKeys(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("fetch signing keys: %w", err)
	}
	return &Verifier{
		config:    c,
		issuers:   append(c.Authority.Issuers(), "https://sts.windows.net/"+c.Authority.TenantID+"/"),
		audiences: c.audiences(),
		cache:     bounded.New[Caller](maxEntries),
		keys:      keys,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{"RS256"}),
			jwt.WithLeeway(leeway),
			jwt.WithExpirationRequired(),
			jwt.WithNotBeforeRequired(),
			jwt.WithStrictDecoding(),
		),
	}, nil
}

// audiences returns the accepted audiences.
func (c Config) audiences() []string {
	if len(c.Audiences) > 0 {
		return c.Audiences
	}
	return []string{c.ClientID, "api://" + c.ClientID}
}

// Ready reports whether there are keys to verify tokens with.
func (v *Verifier) Ready(ctx context.Context) bool {
	if !v.ready.Load() && hasKeys(ctx, v.keys.known) {
		v.ready.Store(true)
	}
	return v.ready.Load()
}

// Verify returns the caller of a request. It returns a challenge if the token is
// valid but lacks the required authentication context, or if its sign-in was too
// long ago. Every fault has a Refusal as its cause.
func (v *Verifier) Verify(ctx context.Context, h http.Header) (Caller, *challenge.Challenge, error) {
	raw, err := readToken(h)
	if err != nil {
		return Caller{}, nil, err
	}
	key, now := bounded.KeyOf(raw), time.Now()
	if caller, ok := v.cache.Get(key, now); ok {
		caller.Assertion, caller.Key = raw, key
		return caller, nil, nil
	}
	claims := &claims{}
	_, err = v.parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) { return v.key(ctx, t) })
	if err != nil {
		return Caller{}, nil, v.invalid(err, claims)
	}
	if err := v.check(claims); err != nil {
		return Caller{}, nil, err
	}
	if ch := v.challengeFor(claims, now); ch != nil {
		return Caller{}, ch, nil
	}
	caller := Caller{
		ID:      claims.userID(v.config.Authority.TenantID),
		Client:  cmp.Or(claims.Client, claims.ClientV1),
		Expires: claims.ExpiresAt.Time,
	}
	v.cache.Put(key, caller, v.cacheUntil(claims, now)) // without the token, to save memory
	caller.Assertion, caller.Key = raw, key
	return caller, nil, nil
}

// cacheUntil returns the time until which a verified token may be accepted from the
// cache.
func (v *Verifier) cacheUntil(c *claims, now time.Time) time.Time {
	until := now.Add(cacheFor)
	if expires := c.ExpiresAt.Time; expires.Before(until) {
		until = expires
	}
	if v.hasAge(c) {
		if tooOld := c.signedIn().Add(v.config.MaxAge + leeway); tooOld.Before(until) {
			until = tooOld
		}
	}
	return until
}
