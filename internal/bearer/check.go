package bearer

import (
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/challenge"
)

// check compares the claims of a token with a valid signature with what this API
// requires.
func (v *Verifier) check(c *claims) error {
	switch {
	case !slices.Contains(v.issuers, c.Issuer.value):
		return reject(InvalidToken, "the access token comes from another issuer")
	case len(c.Audience.value) != 1 || !slices.Contains(v.audiences, c.Audience.value[0]):
		return reject(InvalidToken, "the access token is meant for another API")
	case c.TenantID.value != v.config.Authority.TenantID:
		return reject(InvalidToken, "the access token belongs to another tenant")
	case c.Kind.value == "app" || c.ObjectID.value == "" || c.Scopes.value == "": // app-only, or an ID token
		return reject(InvalidToken, "the access token does not belong to a user")
	case !slices.Contains(strings.Split(c.Scopes.value, " "), v.config.Scope):
		return reject(InsufficientScope, "the access token lacks the scope "+v.config.Scope)
	default:
		return nil
	}
}

// challengeFor returns the challenge for a token whose sign-in is too weak or too
// old for this API, or nil.
func (v *Verifier) challengeFor(c *claims, now time.Time) *challenge.Challenge {
	ch := challenge.Challenge{}
	if v.config.AuthContext != "" && !slices.Contains(c.ACRS.value, v.config.AuthContext) {
		ch = *challenge.ACRS(v.config.AuthContext)
	}
	if v.hasAge(c) && now.Sub(c.AuthTime.value.Time) > v.config.MaxAge+leeway {
		ch.MaxAge = v.config.MaxAge
	}
	if ch == (challenge.Challenge{}) {
		return nil
	}
	return &ch
}

// hasAge reports whether the age of the sign-in is limited and known.
func (v *Verifier) hasAge(c *claims) bool {
	if v.config.MaxAge > 0 && !c.AuthTime.given {
		v.warnOnce.Do(func() {
			v.config.Log.Warn("max-age has no effect: the access tokens carry no auth_time; " +
				"add it to the optional claims of this API's registration")
		})
	}
	return v.config.MaxAge > 0 && c.AuthTime.given
}
