// Package bearer tells who is behind a request: an access token in, a Caller
// out. Nothing else of a request is believed before this has succeeded.
//
// A token is good when the tenant signed it (RS256, a key of its JWKS), for
// this API, for this tenant, now, for a user, with the scope that the API
// exposes. Keys are fetched at the start and in the background; an unknown key
// id fetches them again, at a limited rate, and old keys stay usable while the
// tenant's endpoint is down.
package bearer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

// Config is what a Verifier needs. All fields but AuthContext and MaxAge must be
// set.
type Config struct {
	Authority   authority.Authority
	ClientID    string // of the API: the token's audience
	Scope       string // short name, as EditProfileService.ReadWrite
	AuthContext string // an authentication context that tokens must carry in acrs; empty for none
	// MaxAge is how long ago the caller may have signed in at most, by the token's
	// auth_time; zero for any time. Tokens have that claim only where the API's
	// registration asks for it; one without it is let pass.
	MaxAge time.Duration
	HTTP   *http.Client
	Log    *slog.Logger
}

// Caller is the account behind a request.
type Caller struct {
	ID        string      // "<object id>.<tenant id>"
	Client    string      // the client id of the app that it uses
	Assertion string      // the access token itself, for OBO
	Key       bounded.Key // its hash
	Expires   time.Time   // of the assertion
}

// Refusal says, in RFC 6750's words, why a request has no caller. It is the
// cause of every fault that Verify returns.
type Refusal string

// The refusals (RFC 6750, 3.1). Missing is for a request without any token,
// which is told nothing more.
const (
	Missing           Refusal = ""
	InvalidToken      Refusal = "invalid_token"
	InsufficientScope Refusal = "insufficient_scope"
)

// Error returns the code.
func (r Refusal) Error() string { return "bearer: " + string(r) }

const (
	leeway   = 60 * time.Second // clocks differ
	maxToken = 16 << 10         // bytes; Entra's have under 4 KB
	// remembered is how long a token that was verified is known again without
	// looking at its signature: so long a key that was withdrawn goes on working.
	remembered = time.Minute
	mostKnown  = 2000
)

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	// issuers are the tenant's own, and the one of its v1 tokens, which an API gets
	// whose registration does not ask for v2.
	issuers   []string
	audiences []string
	known     *bounded.Cache[Caller] // tokens that were verified a short while ago
	keys      jwkset.Storage
	parser    *jwt.Parser
	ageless   sync.Once // says that MaxAge has no effect
}

// New fetches the tenant's keys and returns a Verifier. Where they cannot be
// had it returns one all the same, which refuses every token and is not Ready
// until they can. Fetching in the background ends with ctx.
func New(ctx context.Context, c Config) (*Verifier, error) {
	keys, err := fetchKeys(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("fetch signing keys: %w", err)
	}
	return &Verifier{
		config:    c,
		issuers:   append(c.Authority.Issuers(), "https://sts.windows.net/"+c.Authority.TenantID+"/"),
		audiences: []string{c.ClientID, "api://" + c.ClientID},
		known:     bounded.New[Caller](mostKnown), keys: keys,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{"RS256"}), jwt.WithLeeway(leeway), jwt.WithExpirationRequired(),
			jwt.WithNotBeforeRequired(), jwt.WithStrictDecoding(),
		),
	}, nil
}

// Ready tells whether there are keys to verify with.
func (v *Verifier) Ready(ctx context.Context) bool { return some(ctx, v.keys) }

// Verify returns the request's caller. A challenge, where it returns one, says
// that the token is good but lacks the required authentication context, or comes
// from a sign-in too long ago. Every fault has a Refusal as its cause.
func (v *Verifier) Verify(ctx context.Context, h http.Header) (Caller, *challenge.Challenge, error) {
	raw, refusal := read(h)
	if refusal != nil {
		return Caller{}, nil, refusal
	}
	key, now := bounded.KeyOf(raw), time.Now()
	if caller, ok := v.known.Get(key, now); ok {
		caller.Assertion, caller.Key = raw, key
		return caller, nil, nil
	}
	claims := &claims{}
	_, err := v.parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) { return v.key(ctx, t) })
	if err != nil {
		return Caller{}, nil, invalid(err)
	}
	if err := v.check(claims); err != nil {
		return Caller{}, nil, err
	}
	if ch := v.weak(claims, now); ch != nil {
		return Caller{}, ch, nil
	}
	caller := Caller{
		ID: claims.ObjectID.value + "." + claims.TenantID.value, Client: cmp.Or(claims.Client.value, claims.ClientV1.value), Expires: claims.ExpiresAt.value.Time,
	}
	until := now.Add(remembered)
	if caller.Expires.Before(until) {
		until = caller.Expires
	}
	if v.aged(claims) {
		if stale := claims.AuthTime.value.Add(v.config.MaxAge + leeway); stale.Before(until) {
			until = stale
		}
	}
	v.known.Put(key, caller, until) // without the token, which is most of it
	caller.Assertion, caller.Key = raw, key
	return caller, nil, nil
}

// read takes the token off the one Authorization header (RFC 6750, 2.1). The
// scheme's case does not matter (RFC 9110, 11.1).
func read(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", refuse(Missing, "the request carries no access token")
	}
	scheme, raw, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") || raw == "" || len(raw) > maxToken {
		return "", refuse(InvalidToken, "the Authorization header holds no bearer token")
	}
	return raw, nil
}

// key returns the key that the token names. Only its id is used: a token that
// brings a key or an address of one along is not asked about it.
func (v *Verifier) key(ctx context.Context, t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	if kid == "" {
		return nil, errors.New("the token names no key")
	}
	if _, critical := t.Header["crit"]; critical { // RFC 7515, 4.1.11: nothing critical is understood here
		return nil, errors.New("the token has critical headers")
	}
	if kind, given := t.Header["typ"].(string); given && !strings.EqualFold(kind, "JWT") && !strings.EqualFold(kind, "at+jwt") {
		return nil, errors.New("the token is of another type")
	}
	key, err := v.keys.KeyRead(ctx, kid)
	if err != nil {
		return nil, err
	}
	return key.Key(), nil
}

// refuse is the fault of a request without a caller.
func refuse(r Refusal, what string) error {
	f := &fault.Error{Kind: fault.SignIn, What: what, Fix: "get a token for this API and send it as a bearer token", Err: r}
	if r == InsufficientScope {
		f.Kind, f.Fix = fault.Denied, "ask for this API's scope when getting the token"
	}
	return f
}

// invalid says what is wrong with a token, as far as that helps its owner.
func invalid(err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return untimely("the access token has expired", "get a new one; if it is new, the clock of the mid-tier's machine is wrong")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return untimely("the access token is not valid yet", "set the clock of the mid-tier's machine: it is behind the tenant's")
	}
	return refuse(InvalidToken, "the access token is not valid")
}

// untimely is the fault of a token whose time, by the clock of this machine, is
// over or to come.
func untimely(what, fix string) error {
	return &fault.Error{Kind: fault.SignIn, What: what, Fix: fix, Err: InvalidToken}
}
