package sts

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// appOnly responds to the client credentials grant (RFC 6749, 4.4): a confidential client
// requests a token for itself. The token has no user. Its roles are the application permissions
// that an administrator granted; without any, it is issued anyway, as in Entra. It serves to
// test that an API rejects such a token.
func (s *STS) appOnly(w http.ResponseWriter, r *http.Request, t tokenRequest) {
	g, e := s.appOnlyGrant(t)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	ours, life := s.tenant(), randomLifetime()
	principal := t.app.Principal.ID
	claims := s.apiClaims(r, g, t.app, t.azpacr, life)
	claims["oid"], claims["sub"] = principal, principal
	if roles := t.app.RoleNames(g.api.ID); len(roles) > 0 {
		claims["roles"] = roles
	}
	claims["aio"] = rand.Text()
	// idtyp is an optional claim, which Graph has requested.
	if g.api.ID == GraphID || slices.Contains(g.api.OptionalClaims, "idtyp") {
		claims["idtyp"] = "app"
	}
	sign := s.Signer.Sign
	if g.api.ID == GraphID {
		claims["app_displayname"] = t.app.Name
		sign = s.Signer.SignOpaque
	}
	access, err := sign(ours.keys, claims)
	if err != nil {
		s.issueFailed(w, err)
		return
	}
	audit.From(r.Context()).Issued("issued an app-only access token to %s for %s", t.app.Name, s.apiName(g.api.ID))
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type":     "Bearer",
		"expires_in":     int(life.Seconds()),
		"ext_expires_in": int(life.Seconds()),
		"access_token":   access,
	})
}

// appOnlyGrant returns the API that the request is for. The scope must be .default: a client
// gets all permissions that it was granted, and cannot request single scopes. The scopes of
// OpenID Connect, which MSAL Go always adds, are ignored.
func (s *STS) appOnlyGrant(t tokenRequest) (grant, *entraError) {
	scope := strings.TrimSpace(t.form.Get("scope"))
	names := strings.Fields(scope)
	ofAPIs := slices.DeleteFunc(slices.Clone(names), isOpenID)
	switch {
	case t.app.Public():
		return grant{}, newError(aadstsClientCredentialMissing)
	case scope == "":
		return grant{}, newError(aadstsParameterMissing, "scope")
	case len(ofAPIs) == 0, !slices.ContainsFunc(ofAPIs, isDefault):
		return grant{}, newError(aadstsDefaultScopeRequired, scope)
	}
	if e := checkDefault(names); e != nil {
		return grant{}, e
	}
	api, _, e := s.findAPI(ofAPIs[0])
	return grant{api: api, audience: audienceOf(ofAPIs[0])}, e
}
