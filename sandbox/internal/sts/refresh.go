package sts

import (
	"cmp"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// refreshLife is Entra's default for all apps except single-page apps.
const refreshLife = 90 * 24 * time.Hour

// refreshPrefix starts every refresh token and is followed by the sealed refreshToken.
const refreshPrefix = "1."

// defaultSignIn is the scope parameter for refresh tokens that do not hold one.
const defaultSignIn = "openid profile offline_access"

// refreshToken is the content of a refresh token.
type refreshToken struct {
	Auth       authentication `json:"k"`
	ClientID   string         `json:"c"`
	Scope      string         `json:"o,omitempty"` // scope parameter of the sign-in
	Generation int            `json:"g"`
	Expires    time.Time      `json:"x"`
	SPA        bool           `json:"s,omitempty"` // whether Expires is also that of all successors
}

// redeemRefreshToken exchanges a refresh token for tokens for any API that the client has
// consent for, if the user meets the policies of that API. The token is for the API of the
// first scope. Without a scope parameter, the scopes are those of the sign-in
// (learn.microsoft.com, "OAuth 2.0 authorization code flow", "Refresh the access token").
func (s *STS) redeemRefreshToken(t tokenRequest, value string) (issuance, *entraError) {
	var old refreshToken
	sealed, _ := strings.CutPrefix(value, refreshPrefix)
	if token.Open(s.tenant().sealKey, sealed, &old) != nil {
		return issuance{}, newError(aadstsGrantInvalid).because("the refresh token is not one of this tenant")
	}
	s.recordUser(t.record, old.Auth.UserID)
	family := s.family(old.Auth.Family)
	switch {
	case !strings.EqualFold(old.ClientID, t.app.ID):
		return issuance{}, newError(aadstsWrongClient).
			because("the refresh token was issued to %s", s.apiName(old.ClientID))
	case family.Revoked:
		return issuance{}, newError(aadstsGrantRevoked).
			because("the sign-in was ended: revoked, or its code was redeemed twice")
	case s.Now().After(old.Expires) && old.SPA:
		return issuance{}, newError(aadstsSPAGrantExpired)
	case s.Now().After(old.Expires):
		return issuance{}, newError(aadstsRefreshTokenExpired,
			old.Expires.Add(-refreshLife).UTC().Format("2006-01-02T15:04:05.0000000Z"))
	case s.Strict && old.Generation != family.Generation:
		s.revoke(old.Auth.Family)
		return issuance{}, newError(aadstsGrantInvalid).
			because("the refresh token was used before, which the strict mode rejects")
	}
	if e := t.checkOrigin(old.SPA); e != nil {
		return issuance{}, e
	}
	g, e := s.resolveGranted(cmp.Or(t.form.Get("scope"), old.Scope, defaultSignIn), t.app.For(old.Auth.UserID))
	if e != nil {
		return issuance{}, e
	}
	if e := s.checkPolicies(g.api.ID, t.claims, old.Auth); e != nil {
		return issuance{}, e
	}
	g.offline = true
	i := t.issuance(g, old.Auth)
	i.scope = old.Scope
	if old.SPA {
		i.refreshEnd = old.Expires
	}
	return i, nil
}

// newRefreshToken returns the next refresh token of the sign-in's family. As in Entra, the
// earlier ones stay valid, so that a client that was killed before it saved the new one can
// continue. With Strict, the use of an earlier one is treated as theft.
func (s *STS) newRefreshToken(i issuance) (string, error) {
	var sealed string
	err := s.Directory.Update(func(d *directory.State) error {
		now := s.Now()
		deleteExpired(d.Families, now)
		family := d.Families[i.auth.Family]
		family.User = i.auth.UserID
		family.Generation++
		family.Expires = now.Add(refreshLife)
		if !i.refreshEnd.IsZero() {
			family.Expires = i.refreshEnd
		}
		d.Families[i.auth.Family] = family
		var err error
		sealed, err = token.Seal(d.SealKey, refreshToken{
			Auth:       i.auth,
			ClientID:   i.app.ID,
			Scope:      i.scope,
			Generation: family.Generation,
			Expires:    family.Expires,
			SPA:        !i.refreshEnd.IsZero(),
		})
		return err
	})
	return refreshPrefix + sealed, err
}

func deleteExpired(families map[string]directory.Family, now time.Time) {
	for id, family := range families {
		if now.After(family.Expires) {
			delete(families, id)
		}
	}
}

// family returns the refresh token family of a sign-in, or the zero value if the sign-in has
// no refresh token.
func (s *STS) family(id string) (family directory.Family) {
	s.Directory.View(func(d *directory.State) { family = d.Families[id] })
	return family
}

// revoke invalidates all refresh tokens of a family.
func (s *STS) revoke(id string) {
	err := s.Directory.Update(func(d *directory.State) error {
		family := d.Families[id]
		family.Revoked = true
		if family.Expires.IsZero() {
			family.Expires = s.Now().Add(refreshLife)
		}
		d.Families[id] = family
		return nil
	})
	if err != nil {
		s.Log.Error("revoke tokens", "error", err)
	}
}
