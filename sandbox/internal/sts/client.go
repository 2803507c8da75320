package sts

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// assertionType is the only supported type of client assertion (RFC 7523, 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// The values of the azpacr claim: how the client authenticated.
const (
	azpacrPublic    = "0"
	azpacrSecret    = "1"
	azpacrAssertion = "2"
)

// client returns the app that sent the request and how it authenticated. A confidential
// client must prove its identity with a secret or an assertion; a public client must send
// neither.
func (s *STS) client(r *http.Request) (app directory.App, azpacr string, e *entraError) {
	if app, e = s.identify(r); e != nil {
		return app, "", e
	}
	_, secret, e := readClientID(r)
	if e != nil {
		return app, "", e
	}
	assertion, origin := r.PostForm.Get("client_assertion"), r.Header.Get("Origin")
	switch {
	case origin != "" && (secret != "" || assertion != ""):
		return app, "", newError(aadstsOriginWithoutSPA, origin)
	case app.Public && (secret != "" || assertion != ""):
		return app, "", newError(aadstsPublicClientCredential)
	case app.Public:
		return app, azpacrPublic, nil
	case assertion != "":
		return app, azpacrAssertion, s.checkAssertion(r, app, assertion)
	case secret == "" && actsAsSPA(app, origin):
		return app, azpacrPublic, nil
	case secret == "" && origin != "": // a script, whose app is registered for another platform
		return app, "", newError(aadstsOriginWithoutSPA, origin)
	case secret == "":
		return app, "", newError(aadstsClientCredentialMissing)
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) != 1:
		return app, "", newError(aadstsClientSecretInvalid, app.ID)
	}
	return app, azpacrSecret, nil
}

// identify returns the app that sent the request, without authenticating it.
func (s *STS) identify(r *http.Request) (directory.App, *entraError) {
	id, _, e := readClientID(r)
	if e != nil {
		return directory.App{}, e
	}
	app, known := s.findApp(id)
	audit.From(r.Context()).Client(id, app.Name)
	if !known {
		return app, s.unknownClient(id)
	}
	return app, nil
}

// readClientID returns the client ID and the secret from the form or from HTTP Basic
// authentication (RFC 6749, 2.3.1).
func readClientID(r *http.Request) (id, secret string, e *entraError) {
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if username, password, ok := r.BasicAuth(); ok {
		basicID, err1 := url.QueryUnescape(username)
		basicSecret, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil || id != "" && id != basicID || secret != "" {
			return "", "", newError(aadstsMalformedRequest)
		}
		id, secret = basicID, basicSecret
	}
	if id == "" {
		return "", "", newError(aadstsParameterMissing, "client_id")
	}
	return id, secret, nil
}
