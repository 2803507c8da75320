package sts

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// appOnly answers a confidential client that asks for itself (RFC 6749, 4.4).
// The token has no user and no roles: nobody here was granted an application
// permission. It is good for showing that an API refuses it.
func (s *STS) appOnly(w http.ResponseWriter, r *http.Request, t tokenRequest) {
	api, f := s.appResource(t)
	if f != nil {
		s.fail(w, r, f)
		return
	}
	var keys []directory.Key
	var tenantID string
	var sealKey []byte
	s.Directory.View(func(d *directory.State) { keys, tenantID, sealKey = d.Keys, d.TenantID, d.SealKey })
	now, life := s.Now(), lifetime()
	principal := principalID(sealKey, t.app.ID)
	access, err := s.Signer.Sign(keys, map[string]any{
		"aud": api.ID, "iss": s.origins(r).issuer, "ver": "2.0", "tid": tenantID, "idtyp": "app",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"azp": t.app.ID, "azpacr": t.azpacr, "oid": principal, "sub": principal,
		"uti": rand.Text(), "rh": "1." + rand.Text(), "aio": rand.Text(),
	})
	if err != nil {
		s.Log.Error("issue token", "error", err)
		http.Error(w, "tokens cannot be issued", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(life.Seconds()), "ext_expires_in": int(life.Seconds()), "access_token": access,
	})
}

// appResource is the API that the request is for. A client asks for all that it
// was granted there, never for single scopes.
func (s *STS) appResource(t tokenRequest) (directory.App, *refusal) {
	scope := strings.TrimSpace(t.form.Get("scope"))
	switch {
	case t.app.Public:
		return directory.App{}, no(7000218)
	case scope == "":
		return directory.App{}, no(900144, "scope")
	case strings.ContainsAny(scope, " \t") || !strings.HasSuffix(scope, "/.default"):
		return directory.App{}, no(1002012, scope)
	}
	api, _, _, f := s.resource(scope)
	return api, f
}

// principalID is the object id of an app's service principal.
func principalID(sealKey []byte, app string) string {
	b := sha256.Sum256(append([]byte("service principal "+app), sealKey...))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
