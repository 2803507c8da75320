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

// readers returns the function that reads each claim, by name.
func (c *claims) readers() map[string]func(json.RawMessage) error {
	return map[string]func(json.RawMessage) error{
		"iss":       text(&c.Issuer),
		"aud":       texts(&c.Audience),
		"exp":       date(&c.ExpiresAt),
		"nbf":       date(&c.NotBefore),
		"iat":       date(&c.IssuedAt),
		"tid":       text(&c.TenantID),
		"oid":       text(&c.ObjectID),
		"sub":       text(&c.Subject),
		"scp":       text(&c.Scopes),
		"idtyp":     text(&c.Kind),
		"azp":       text(&c.Client),
		"appid":     text(&c.ClientV1),
		"acrs":      texts(&c.ACRS),
		"auth_time": date(&c.AuthTime),
	}
}

// UnmarshalJSON reads the claims of a token. Names match by exact case (RFC 7519, 4.1),
// which encoding/json does not check. A token with a repeated claim is rejected, because
// parsers differ in which of the two counts (RFC 7519, 4), and one with a name that
// differs from that of a claim only by case, because parsers differ in that too.
func (c *claims) UnmarshalJSON(raw []byte) error {
	all, err := members(raw)
	if err != nil {
		return err
	}
	readers := c.readers()
	for name, value := range all {
		read, known := readers[name]
		if !known {
			if _, similar := readers[strings.ToLower(name)]; similar {
				return fmt.Errorf("the claim %q is in another case", name)
			}
			continue
		}
		if err := read(value); err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
	}
	return nil
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
