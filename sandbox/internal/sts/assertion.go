package sts

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// workloadAudience is what a platform's token must be meant for
// (learn.microsoft.com, "Workload identity federation").
const workloadAudience = "api://AzureADTokenExchange"

// checkAssertion verifies a client assertion: one that the app signed with its
// certificate, or a token of the platform it runs on.
func (s *STS) checkAssertion(r *http.Request, app directory.App, assertion string) *refusal {
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return no(900144, "client_assertion_type")
	}
	claims := jwt.RegisteredClaims{}
	unverified, _, err := jwt.NewParser().ParseUnverified(assertion, &claims)
	if err != nil {
		return no(700027)
	}
	parse := func(audience string, key jwt.Keyfunc) error {
		_, err := jwt.Parse(assertion, key, jwt.WithValidMethods([]string{"PS256", "RS256"}), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.Now))
		return err
	}
	otherwise := 700027
	if unverified.Header["x5t#S256"] == nil && unverified.Header["x5t"] == nil {
		otherwise = 700213
		err = errors.New("no such workload")
		if i := slices.IndexFunc(app.Workloads, func(w directory.Workload) bool { return w.Issuer == claims.Issuer && w.Subject == claims.Subject }); i >= 0 {
			err = parse(workloadAudience, func(*jwt.Token) (any, error) { return publicKey(app.Workloads[i].Key) })
		}
	} else if err = errors.New("of another app"); claims.Issuer == app.ID && claims.Subject == app.ID {
		err = parse(s.origins(r).api+"/"+s.tenantID()+"/oauth2/v2.0/token", func(t *jwt.Token) (any, error) { return certificateKey(app, t) })
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return no(700024)
	}
	s.Log.Info("refuse client assertion", "client", app.ID)
	return no(otherwise)
}

// certificateKey is the key of the app's certificate that the assertion names.
func certificateKey(app directory.App, t *jwt.Token) (any, error) {
	print, _ := t.Header["x5t#S256"].(string)
	// MSAL Go writes base64 where RFC 7515 wants base64url; Entra takes both.
	raw, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(print))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(app.Certificates[hex.EncodeToString(raw)]))
	if block == nil {
		return nil, errors.New("no such certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

func publicKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no key")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// Register adds a certificate to an app's credentials.
func Register(app *directory.App, certificate *x509.Certificate) {
	if app.Certificates == nil {
		app.Certificates = map[string]string{}
	}
	sum := sha256.Sum256(certificate.Raw)
	app.Certificates[hex.EncodeToString(sum[:])] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}
