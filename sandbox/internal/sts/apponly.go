package sts

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// appOnly responds to the client credentials grant (RFC 6749, 4.4): a confidential client
// requests a token for itself. The token has no user, and no roles, because the sandbox
// grants no application permissions. It serves to test that an API rejects such a token.
func (s *STS) appOnly(w http.ResponseWriter, r *http.Request, t tokenRequest) {
	api, e := s.appOnlyAPI(t)
	if e != nil {
		s.writeError(w, r, e)
		return
	}
	ours, life := s.tenant(), randomLifetime()
	principal := principalID(ours.sealKey, t.app.ID)
	claims := s.baseClaims(r, api.ID, life)
	claims["idtyp"] = "app"
	claims["azp"], claims["azpacr"] = t.app.ID, t.azpacr
	claims["oid"], claims["sub"] = principal, principal
	claims["aio"] = rand.Text()
	sign := s.Signer.Sign
	if api.ID == GraphID {
		s.toVersion1(claims, t.app)
		sign = s.Signer.SignOpaque
	}
	access, err := sign(ours.keys, claims)
	if err != nil {
		s.issueFailed(w, err)
		return
	}
	audit.From(r.Context()).Issued("issued an app-only access token to %s for %s", t.app.Name, s.apiName(api.ID))
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type":     "Bearer",
		"expires_in":     int(life.Seconds()),
		"ext_expires_in": int(life.Seconds()),
		"access_token":   access,
	})
}

// appOnlyAPI returns the API that the request is for. The scope must be .default: a client
// gets all permissions that it was granted, and cannot request single scopes.
func (s *STS) appOnlyAPI(t tokenRequest) (directory.App, *entraError) {
	scope := strings.TrimSpace(t.form.Get("scope"))
	switch {
	case t.app.Public:
		return directory.App{}, newError(aadstsClientCredentialMissing)
	case scope == "":
		return directory.App{}, newError(aadstsParameterMissing, "scope")
	case strings.ContainsAny(scope, " \t") || !strings.HasSuffix(scope, "/.default"):
		return directory.App{}, newError(aadstsDefaultScopeRequired, scope)
	}
	api, _, e := s.findAPI(scope)
	return api, e
}

// principalID returns the object ID of an app's service principal. It is derived from the
// app ID and formatted as a version 4 GUID.
func principalID(sealKey []byte, appID string) string {
	b := sha256.Sum256(append([]byte("service principal "+appID), sealKey...))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
