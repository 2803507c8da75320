package bearer

import (
	"encoding/json"
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// claims are the claims that matter in an Entra access token, v1 or v2
// (learn.microsoft.com, "Access token claims reference"). A token with a repeated
// claim is rejected, because parsers differ in which of the two counts (RFC 7519,
// 4).
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

// once is a claim that must not be repeated.
type once[T any] struct {
	value T
	given bool
}

// UnmarshalJSON reads the claim. It fails if the claim was read before.
func (o *once[T]) UnmarshalJSON(raw []byte) error {
	if o.given {
		return errors.New("a claim is repeated")
	}
	o.given = true
	return json.Unmarshal(raw, &o.value)
}

// date returns the date, or nil if the claim is missing.
func date(o once[jwt.NumericDate]) (*jwt.NumericDate, error) {
	if !o.given {
		return nil, nil
	}
	return &o.value, nil
}

// The methods of jwt.Claims, which the parser uses to check the times.

// GetExpirationTime returns exp.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }

// GetNotBefore returns nbf.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return date(c.NotBefore) }

// GetIssuedAt returns nil: iat is not checked.
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer returns iss.
func (c *claims) GetIssuer() (string, error) { return c.Issuer.value, nil }

// GetSubject returns an empty string: a caller is identified by oid.
func (c *claims) GetSubject() (string, error) { return "", nil }

// GetAudience returns aud.
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience.value, nil }

// contexts are the authentication contexts of a token: a list, or one string.
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
