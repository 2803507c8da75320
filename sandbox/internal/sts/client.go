package sts

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"

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
	case app.Public() && (secret != "" || assertion != ""):
		return app, "", newError(aadstsPublicClientCredential)
	case app.Public():
		return app, azpacrPublic, nil
	case assertion != "":
		return app, azpacrAssertion, s.checkAssertion(r, app, assertion)
	case secret == "" && actsAsSPA(app, origin):
		return app, azpacrPublic, nil
	case secret == "" && origin != "": // a script, whose app is registered for another platform
		return app, "", newError(aadstsOriginWithoutSPA, origin)
	case secret == "":
		return app, "", newError(aadstsClientCredentialMissing)
	}
	return app, azpacrSecret, s.checkSecret(app, secret)
}

// checkSecret returns an error unless the secret is one of the app that has not expired.
func (s *STS) checkSecret(app directory.App, secret string) *entraError {
	i := slices.IndexFunc(app.Secrets, func(known directory.Secret) bool {
		return subtle.ConstantTimeCompare([]byte(secret), []byte(known.Value)) == 1
	})
	switch {
	case i < 0:
		return newError(aadstsClientSecretInvalid, app.ID)
	case !app.Secrets[i].End.IsZero() && s.Now().After(app.Secrets[i].End):
		return newError(aadstsClientSecretExpired, app.ID)
	}
	return nil
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
	return app, s.checkPrincipal(app)
}

// checkPrincipal returns an error unless the app may be used in the tenant.
func (s *STS) checkPrincipal(app directory.App) *entraError {
	switch {
	case app.Principal == nil:
		return newError(aadstsPrincipalMissing, app.ID, s.tenant().id)
	case app.Principal.Disabled:
		return newError(aadstsAppDisabled, app.ID, app.Name)
	}
	return nil
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
