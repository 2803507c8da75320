package bearer

import (
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/guid"
)

// check compares the claims of a token with a valid signature with what this API
// requires.
func (v *Verifier) check(c *claims) error {
	switch {
	case !slices.Contains(v.issuers, c.Issuer):
		return reject(InvalidToken, "the access token comes from another issuer")
	case !v.isAudience(c.Audience):
		return reject(InvalidToken, "the access token is meant for another API")
	case c.TenantID != "" && c.TenantID != v.config.Authority.TenantID: // the issuer names the tenant, too
		return reject(InvalidToken, "the access token belongs to another tenant")
	case c.Kind != "" && c.Kind != "user" || !c.hasUser() || c.Scopes == "": // app-only, or an ID token
		return reject(InvalidToken, "the access token does not belong to a user")
	case !slices.Contains(strings.Split(c.Scopes, " "), v.config.Scope):
		return reject(InsufficientScope, "the access token lacks the scope "+v.config.Scope)
	default:
		return nil
	}
}

func (c *claims) hasUser() bool { return c.ObjectID != "" || c.Subject != "" }

// userID returns a stable id of the user in a tenant: "oid:<object id>.<tenant id>". If
// the client did not request the scope profile, the token has no object id, and the result
// is "sub:<subject>.<tenant id>", which identifies the user to this API only. The prefix
// keeps an object id and the subject of another user apart.
func (c *claims) userID(tenantID string) string {
	if c.ObjectID != "" {
		return "oid:" + c.ObjectID + "." + tenantID
	}
	return "sub:" + c.Subject + "." + tenantID
}

// isAudience reports whether a token is for this API alone.
func (v *Verifier) isAudience(audience []string) bool {
	return len(audience) == 1 && slices.ContainsFunc(v.audiences, func(own string) bool {
		return own == audience[0] || isClientID(own) && strings.EqualFold(own, audience[0])
	})
}

// isClientID reports whether an audience is a client id, alone or as an App ID URI. The
// case of its letters does not matter. Other App ID URIs must match exactly.
func isClientID(audience string) bool { return guid.Valid(strings.TrimPrefix(audience, "api://")) }

// challengeFor returns the challenge for a token whose sign-in is too weak or too
// old for this API, or nil.
func (v *Verifier) challengeFor(c *claims, now time.Time) *challenge.Challenge {
	ch := challenge.Challenge{}
	if v.config.AuthContext != "" && !slices.Contains(c.ACRS, v.config.AuthContext) {
		ch = *challenge.ACRS(v.config.AuthContext)
	}
	if v.hasAge(c) {
		age := now.Sub(c.signedIn())
		if age > v.config.MaxAge+leeway || age < -leeway { // a sign-in in the future has not happened
			ch.MaxAge = v.config.MaxAge
		}
	}
	if ch == (challenge.Challenge{}) {
		return nil
	}
	return &ch
}

// hasAge reports whether the age of the sign-in is limited and known.
func (v *Verifier) hasAge(c *claims) bool {
	if v.config.MaxAge > 0 && c.AuthTime == nil {
		v.warnOnce.Do(func() {
			v.config.Log.Warn("max-age has no effect: the access tokens carry no auth_time; " +
				"add it to the optional claims of this API's registration")
		})
	}
	return v.config.MaxAge > 0 && c.AuthTime != nil
}
