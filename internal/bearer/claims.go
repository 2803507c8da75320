package bearer

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims are the claims that matter in an Entra access token, v1 or v2
// (learn.microsoft.com, "Access token claims reference"). A missing text is empty and
// a missing date is nil.
type claims struct {
	Issuer    string
	Audience  []string
	ExpiresAt *jwt.NumericDate
	NotBefore *jwt.NumericDate
	IssuedAt  *jwt.NumericDate
	TenantID  string // only if the client requested the scope profile
	ObjectID  string // only if the client requested the scope profile
	Subject   string // identifies the user to this API only
	Scopes    string
	Kind      string // idtyp: "app" in app-only tokens; an optional claim in those of users
	Client    string
	ClientV1  string
	ACRS      []string
	AuthTime  *jwt.NumericDate // an optional claim
}

// reader returns the function that reads the claim with a name, or nil for a claim that
// does not matter.
func (c *claims) reader(name string) func(json.RawMessage) error {
	switch name {
	case "iss":
		return text(&c.Issuer)
	case "aud":
		return texts(&c.Audience)
	case "exp":
		return date(&c.ExpiresAt)
	case "nbf":
		return date(&c.NotBefore)
	case "iat":
		return date(&c.IssuedAt)
	case "tid":
		return text(&c.TenantID)
	case "oid":
		return text(&c.ObjectID)
	case "sub":
		return text(&c.Subject)
	case "scp":
		return text(&c.Scopes)
	case "idtyp":
		return text(&c.Kind)
	case "azp":
		return text(&c.Client)
	case "appid":
		return text(&c.ClientV1)
	case "acrs":
		return texts(&c.ACRS)
	case "auth_time":
		return date(&c.AuthTime)
	}
	return nil
}

// UnmarshalJSON reads the claims of a token. Names match by exact case (RFC 7519, 4.1),
// which encoding/json does not check. A token with a repeated claim is rejected, because
// parsers differ in which of the two counts (RFC 7519, 4), and one with a name that
// differs from that of a claim only by case, because parsers differ in that too.
func (c *claims) UnmarshalJSON(raw []byte) error {
	return eachMember(raw, func(name string, value json.RawMessage) error {
		read := c.reader(name)
		if read == nil {
			if c.reader(strings.ToLower(name)) != nil {
				return fmt.Errorf("the claim %q is in another case", name)
			}
			return nil
		}
		if err := read(value); err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
		return nil
	})
}

// signedIn returns the time of the sign-in, or the zero time if it is not known.
func (c *claims) signedIn() time.Time {
	if c.AuthTime == nil {
		return time.Time{}
	}
	return c.AuthTime.Time
}

// The methods of jwt.Claims, which the parser uses to check the times.

// GetExpirationTime returns exp.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.ExpiresAt, nil }

// GetNotBefore returns nbf.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return c.NotBefore, nil }

// GetIssuedAt returns nil: only the form of iat is checked.
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return nil, nil }

// GetIssuer returns iss.
func (c *claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject returns sub.
func (c *claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience returns aud.
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }
