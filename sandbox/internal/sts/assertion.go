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

// workloadAudience is the required audience of a platform's token (learn.microsoft.com,
// "Workload identity federation").
const workloadAudience = "api://AzureADTokenExchange"

// checkAssertion verifies a client assertion. Its signer is the app, with a registered
// certificate, or the platform that the app runs on.
func (s *STS) checkAssertion(r *http.Request, app directory.App, assertion string) *entraError {
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return newError(aadstsParameterMissing, "client_assertion_type")
	}
	var claims jwt.RegisteredClaims
	unverified, _, err := jwt.NewParser().ParseUnverified(assertion, &claims)
	if err != nil {
		return newError(aadstsClientAssertionInvalid)
	}
	code := aadstsClientAssertionInvalid
	if namesCertificate(unverified) {
		err = s.checkCertificateAssertion(r, app, assertion, claims)
	} else {
		code = aadstsWorkloadUnknown
		err = s.checkWorkloadToken(app, assertion, claims)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		return newError(aadstsClientAssertionExpired)
	}
	s.Log.Info("reject client assertion", "client", app.ID)
	return newError(code)
}

// namesCertificate reports whether the header of an assertion has a certificate thumbprint.
func namesCertificate(t *jwt.Token) bool {
	return t.Header["x5t#S256"] != nil || t.Header["x5t"] != nil
}

// checkCertificateAssertion verifies an assertion that the app signed with the key of its
// certificate.
func (s *STS) checkCertificateAssertion(
	r *http.Request,
	app directory.App,
	assertion string,
	claims jwt.RegisteredClaims,
) error {
	if claims.Issuer != app.ID || claims.Subject != app.ID {
		return errors.New("the assertion belongs to another app")
	}
	tokenEndpoint := s.origins(r).api + "/" + s.tenant().id + "/oauth2/v2.0/token"
	return s.verifyAssertion(assertion, tokenEndpoint, func(t *jwt.Token) (any, error) {
		return certificateKey(app, t)
	})
}

// checkWorkloadToken verifies a platform's token against the app's federated credentials.
func (s *STS) checkWorkloadToken(app directory.App, assertion string, claims jwt.RegisteredClaims) error {
	i := slices.IndexFunc(app.Workloads, func(w directory.Workload) bool {
		return w.Issuer == claims.Issuer && w.Subject == claims.Subject
	})
	if i < 0 {
		return errors.New("no federated credential matches the token")
	}
	return s.verifyAssertion(assertion, workloadAudience, func(*jwt.Token) (any, error) {
		return parsePublicKey(app.Workloads[i].Key)
	})
}

func (s *STS) verifyAssertion(assertion, audience string, key jwt.Keyfunc) error {
	_, err := jwt.Parse(assertion, key,
		jwt.WithValidMethods([]string{"PS256", "RS256"}),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(s.Now))
	return err
}

// certificateKey returns the public key of the app's certificate that the assertion names.
func certificateKey(app directory.App, t *jwt.Token) (any, error) {
	thumbprint, _ := t.Header["x5t#S256"].(string)
	// RFC 7515 requires base64url, but MSAL Go writes base64. Entra accepts both.
	base64URL := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(thumbprint)
	sum, err := base64.RawURLEncoding.DecodeString(base64URL)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(app.Certificates[hex.EncodeToString(sum)]))
	if block == nil {
		return nil, errors.New("the certificate is not registered")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

func parsePublicKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the public key is not PEM")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// Register adds a certificate to the credentials of an app.
func Register(app *directory.App, certificate *x509.Certificate) {
	if app.Certificates == nil {
		app.Certificates = map[string]string{}
	}
	sum := sha256.Sum256(certificate.Raw)
	block := pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}
	app.Certificates[hex.EncodeToString(sum[:])] = string(pem.EncodeToMemory(&block))
}
