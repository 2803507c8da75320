package bearer

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// claims are those of an Entra access token, v1 or v2, that are looked at
// (learn.microsoft.com, "Access token claims reference").
type claims struct {
	jwt.RegisteredClaims
	TenantID string   `json:"tid"`
	ObjectID string   `json:"oid"`
	Scopes   string   `json:"scp"`
	Kind     string   `json:"idtyp"` // "app" in app-only tokens
	Client   string   `json:"azp"`
	ClientV1 string   `json:"appid"`
	ACRS     contexts `json:"acrs"`
	Version  string   `json:"ver"`
}

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
func (v *Verifier) check(c claims) error {
	switch {
	case !slices.Contains(v.issuers(), c.Issuer):
		return refuse(InvalidToken, "the access token comes from another issuer")
	case len(c.Audience) != 1 || !slices.Contains([]string{v.config.ClientID, "api://" + v.config.ClientID}, c.Audience[0]):
		return refuse(InvalidToken, "the access token is meant for another API")
	case c.TenantID != v.config.Authority.TenantID:
		return refuse(InvalidToken, "the access token is of another tenant")
	case c.Kind == "app" || c.ObjectID == "" || c.Scopes == "":
		return refuse(InvalidToken, "the access token is not a user's") // an app's own, or an id token
	case !slices.Contains(strings.Split(c.Scopes, " "), v.config.Scope):
		return refuse(InsufficientScope, "the access token lacks the scope "+v.config.Scope)
	}
	return nil
}

// issuers are the tenant's own, and the one of its v1 tokens, which an API gets
// whose registration does not ask for v2.
func (v *Verifier) issuers() []string {
	return append(v.config.Authority.Issuers(), "https://sts.windows.net/"+v.config.Authority.TenantID+"/")
}
