package sts

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// assertionType is the only form of client assertion (RFC 7523, 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// client finds out which app sends the request, and holds a confidential one to
// its secret or certificate. A public one must send neither.
func (s *STS) client(r *http.Request) (app directory.App, azpacr string, f *refusal) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		userID, err1 := url.QueryUnescape(user) // RFC 6749, 2.3.1
		userSecret, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil || id != "" && id != userID || secret != "" {
			return app, "", no(9002)
		}
		id, secret = userID, userSecret
	}
	if id == "" {
		return app, "", no(900144, "client_id")
	}
	_, app, ok := s.find("", id)
	assertion := r.PostForm.Get("client_assertion")
	switch {
	case !ok:
		return app, "", no(700016, id)
	case app.Public && (secret != "" || assertion != ""):
		return app, "", no(700025)
	case app.Public:
		return app, "0", nil
	case assertion != "":
		return app, "2", s.checkAssertion(r, app, assertion)
	case secret == "":
		return app, "", no(7000218)
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) != 1:
		return app, "", no(7000215, app.ID)
	}
	return app, "1", nil
}
