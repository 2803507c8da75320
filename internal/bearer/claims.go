package bearer

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/challenge"
)

// claims are those of an Entra access token, v1 or v2, that are looked at
// (learn.microsoft.com, "Access token claims reference"). One that is there twice
// is refused: parsers differ in which of the two they believe (RFC 7519, 4).
type claims struct {
	Issuer    once[string]           `json:"iss"`
	Audience  once[jwt.ClaimStrings] `json:"aud"`
	ExpiresAt once[jwt.NumericDate]  `json:"exp"`
	NotBefore once[jwt.NumericDate]  `json:"nbf"`
	TenantID  once[string]           `json:"tid"`
	ObjectID  once[string]           `json:"oid"`
	Scopes    once[string]           `json:"scp"`
	Kind      once[string]           `json:"idtyp"` // "app" in app-only tokens
	Client    once[string]           `json:"azp"`
	ClientV1  once[string]           `json:"appid"`
	ACRS      once[contexts]         `json:"acrs"`
	AuthTime  once[jwt.NumericDate]  `json:"auth_time"` // an optional claim
}

// once is a claim that may be there once.
type once[T any] struct {
	value T
	given bool
}

// UnmarshalJSON reads the claim, the first time.
func (o *once[T]) UnmarshalJSON(raw []byte) error {
	if o.given {
		return errors.New("a claim is there twice")
	}
	o.given = true
	return json.Unmarshal(raw, &o.value)
}

// date is a point in time, or nil where the claim is not there.
func date(o once[jwt.NumericDate]) (*jwt.NumericDate, error) {
	if !o.given {
		return nil, nil
	}
	return &o.value, nil
}

// The methods of jwt.Claims, by which the library checks the times.

// GetExpirationTime returns exp.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }

// GetNotBefore returns nbf.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return date(c.NotBefore) }

// GetIssuedAt returns nothing: iat is not looked at.
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer returns iss.
func (c *claims) GetIssuer() (string, error) { return c.Issuer.value, nil }

// GetSubject returns nothing: a caller is known by oid.
func (c *claims) GetSubject() (string, error) { return "", nil }

// GetAudience returns aud.
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience.value, nil }

// contexts are the authentication contexts satisfied: a list, or one string.
type contexts []string

// UnmarshalJSON reads both forms.
func (c *contexts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*c = contexts{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(raw, &many); err != nil {
		return err
	}
	*c = many
	return nil
}

// check holds the claims of a well-signed token against this API.
func (v *Verifier) check(c *claims) error {
	switch {
	case !slices.Contains(v.issuers, c.Issuer.value):
		return refuse(InvalidToken, "the access token comes from another issuer")
	case len(c.Audience.value) != 1 || !slices.Contains(v.audiences, c.Audience.value[0]):
		return refuse(InvalidToken, "the access token is meant for another API")
	case c.TenantID.value != v.config.Authority.TenantID:
		return refuse(InvalidToken, "the access token is of another tenant")
	case c.Kind.value == "app" || c.ObjectID.value == "" || c.Scopes.value == "":
		return refuse(InvalidToken, "the access token is not a user's") // an app's own, or an id token
	case !slices.Contains(strings.Split(c.Scopes.value, " "), v.config.Scope):
		return refuse(InsufficientScope, "the access token lacks the scope "+v.config.Scope)
	}
	return nil
}

// weak is the challenge for a token whose sign-in is not enough for this API, or
// nil.
func (v *Verifier) weak(c *claims, now time.Time) *challenge.Challenge {
	ch := challenge.Challenge{}
	if v.config.AuthContext != "" && !slices.Contains(c.ACRS.value, v.config.AuthContext) {
		ch = *challenge.ACRS(v.config.AuthContext)
	}
	if v.aged(c) && now.Sub(c.AuthTime.value.Time) > v.config.MaxAge+leeway {
		ch.MaxAge = v.config.MaxAge
	}
	if ch == (challenge.Challenge{}) {
		return nil
	}
	return &ch
}

// aged tells whether the age of the sign-in counts, and is known.
func (v *Verifier) aged(c *claims) bool {
	if v.config.MaxAge > 0 && !c.AuthTime.given {
		v.ageless.Do(func() {
			v.config.Log.Warn("max-age has no effect: the access tokens carry no auth_time; add it to the optional claims of this API's registration")
		})
	}
	return v.config.MaxAge > 0 && c.AuthTime.given
}
