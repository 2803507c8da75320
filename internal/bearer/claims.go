package bearer

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/internal/challenge"
)

// claims are those of an Entra access token, v1 or v2, that are looked at
// (learn.microsoft.com, "Access token claims reference").
type claims struct {
	jwt.RegisteredClaims
	TenantID string           `json:"tid"`
	ObjectID string           `json:"oid"`
	Scopes   string           `json:"scp"`
	Kind     string           `json:"idtyp"` // "app" in app-only tokens
	Client   string           `json:"azp"`
	ClientV1 string           `json:"appid"`
	ACRS     contexts         `json:"acrs"`
	Version  string           `json:"ver"`
	AuthTime *jwt.NumericDate `json:"auth_time"` // an optional claim
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

// weak is the challenge for a token whose sign-in is not enough for this API, or
// nil.
func (v *Verifier) weak(c claims, now time.Time) *challenge.Challenge {
	demand := challenge.Challenge{}
	if v.config.AuthContext != "" && !slices.Contains(c.ACRS, v.config.AuthContext) {
		demand = *challenge.ACRS(v.config.AuthContext)
	}
	if v.aged(c) && now.Sub(c.AuthTime.Time) > v.config.MaxAge+leeway {
		demand.MaxAge = v.config.MaxAge
	}
	if demand == (challenge.Challenge{}) {
		return nil
	}
	return &demand
}

// aged tells whether the age of the sign-in counts, and is known.
func (v *Verifier) aged(c claims) bool {
	if v.config.MaxAge > 0 && c.AuthTime == nil {
		v.ageless.Do(func() {
			v.config.Log.Warn("max-age has no effect: the access tokens carry no auth_time; add it to the optional claims of this API's registration")
		})
	}
	return v.config.MaxAge > 0 && c.AuthTime != nil
}

// issuers are the tenant's own, and the one of its v1 tokens, which an API gets
// whose registration does not ask for v2.
func (v *Verifier) issuers() []string {
	return append(v.config.Authority.Issuers(), "https://sts.windows.net/"+v.config.Authority.TenantID+"/")
}
