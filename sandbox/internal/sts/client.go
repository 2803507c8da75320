package sts

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"

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

// checkAssertion verifies a client assertion with the certificate that its
// x5t#S256 (or the older x5t) names, for this token endpoint.
func (s *STS) checkAssertion(r *http.Request, app directory.App, assertion string) *refusal {
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return no(900144, "client_assertion_type")
	}
	endpoint := s.origins(r).api + "/" + s.tenantID() + "/oauth2/v2.0/token"
	_, err := jwt.Parse(assertion, func(t *jwt.Token) (any, error) {
		print, _ := t.Header["x5t#S256"].(string)
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(print, "="))
		if err != nil {
			return nil, err
		}
		return certificateKey(app.Certificates[hex.EncodeToString(raw)])
	}, jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithAudience(endpoint), jwt.WithIssuer(app.ID),
		jwt.WithSubject(app.ID), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.Now))
	if err != nil {
		s.Log.Info("refuse client assertion", "client", app.ID)
		return no(700027)
	}
	return nil
}

func certificateKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no such certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

// Thumbprint is the name under which an app's certificate is kept.
func Thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}
