package sts

import (
	"crypto/sha1" //nolint:gosec // the thumbprint x5t is a SHA-1 hash (RFC 7515, 4.1.7)
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// maxClockSkew is how far the clock of a client may differ from this one. Entra allows the
// same, but does not document it.
const maxClockSkew = 5 * time.Minute

// checkAssertion verifies a client assertion. Its signer is the app, with a registered
// certificate, or the platform that the app runs on.
func (s *STS) checkAssertion(r *http.Request, app directory.App, assertion string) *entraError {
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return newError(aadstsParameterMissing, "client_assertion_type")
	}
	var claims jwt.RegisteredClaims
	unverified, _, err := jwt.NewParser().ParseUnverified(assertion, &claims)
	if err != nil {
		return newError(aadstsClientAssertionInvalid).because("the client assertion is not a JWT")
	}
	if !namesCertificate(unverified) && !strings.EqualFold(claims.Issuer, app.ID) {
		return s.checkWorkloadToken(app, assertion, claims)
	}
	return s.checkCertificateAssertion(r, app, assertion, claims)
}

// namesCertificate reports whether the header of an assertion has a certificate thumbprint.
func namesCertificate(t *jwt.Token) bool {
	return t.Header["x5t#S256"] != nil || t.Header["x5t"] != nil
}

// checkCertificateAssertion verifies an assertion that the app signed with the key of its
// certificate (learn.microsoft.com, "Microsoft identity platform application authentication
// certificate credentials").
func (s *STS) checkCertificateAssertion(
	r *http.Request,
	app directory.App,
	assertion string,
	claims jwt.RegisteredClaims,
) *entraError {
	switch {
	case !strings.EqualFold(claims.Issuer, app.ID):
		return newError(aadstsClientAssertionApp).
			because("the assertion's issuer is %q, not the client ID", claims.Issuer)
	case !strings.EqualFold(claims.Subject, claims.Issuer):
		return newError(aadstsClientAssertionSubject)
	}
	err := s.verifyAssertion(assertion, func(t *jwt.Token) (any, error) { return certificateKey(app, t) })
	switch {
	case isOutsideLifetime(err):
		return newError(aadstsClientAssertionExpired)
	case err != nil:
		return newError(aadstsClientAssertionInvalid).because("the assertion is not signed with the key of a "+
			"registered certificate: %v", err)
	case !slices.ContainsFunc(claims.Audience, func(audience string) bool { return s.isTokenEndpoint(r, audience) }):
		return newError(aadstsClientAssertionAudience).because("the assertion's audience is %q", claims.Audience)
	}
	return nil
}

// isTokenEndpoint reports whether the audience of a client assertion is this tenant's token
// endpoint, under any of its names, or its issuer. Microsoft's page names the endpoint with the
// tenant's GUID, and its examples name the one with the domain and the one of v1.0. That the
// issuer is accepted too, which libraries for OpenID Connect send, is inferred.
func (s *STS) isTokenEndpoint(r *http.Request, audience string) bool {
	var id, subdomain string
	s.Directory.View(func(d *directory.State) { id, subdomain = d.TenantID, d.Subdomain })
	origins := []string{
		s.origins(r).api,
		s.Config.API,
		"https://" + id + ".ciamlogin.com",
		"https://" + subdomain + ".ciamlogin.com",
		"https://login.microsoftonline.com",
	}
	for _, origin := range origins {
		path, ok := strings.CutPrefix(audience, origin+"/")
		tenant, endpoint, _ := strings.Cut(path, "/")
		ours := strings.EqualFold(tenant, id) || strings.EqualFold(tenant, subdomain+".onmicrosoft.com")
		if ok && ours && slices.Contains([]string{"oauth2/v2.0/token", "oauth2/token", "v2.0"}, endpoint) {
			return true
		}
	}
	return false
}

// checkWorkloadToken verifies a platform's token against the app's federated credentials.
func (s *STS) checkWorkloadToken(app directory.App, assertion string, claims jwt.RegisteredClaims) *entraError {
	sameIssuer := func(w directory.Workload) bool { return w.Issuer == claims.Issuer }
	i := slices.IndexFunc(app.Workloads, func(w directory.Workload) bool {
		return sameIssuer(w) && w.Subject == claims.Subject
	})
	switch {
	case !slices.ContainsFunc(app.Workloads, sameIssuer):
		return newError(aadstsWorkloadIssuer, claims.Issuer)
	case i < 0:
		return newError(aadstsWorkloadSubject, claims.Subject)
	case !hasAudience(app.Workloads[i], claims.Audience):
		return newError(aadstsWorkloadAudience, strings.Join(claims.Audience, " "))
	}
	if app.Workloads[i].Key == "" {
		return newError(aadstsClientAssertionInvalid).because("the tenant does not have the key of the issuer %s: it "+
			"fetches no keys, so add the federated credential with its key", claims.Issuer)
	}
	err := s.verifyAssertion(assertion, func(*jwt.Token) (any, error) {
		return parsePublicKey(app.Workloads[i].Key)
	})
	switch {
	case isOutsideLifetime(err):
		return newError(aadstsClientAssertionExpired)
	case err != nil:
		return newError(aadstsClientAssertionInvalid).
			because("the token is not signed with the key of its issuer: %v", err)
	}
	return nil
}

// hasAudience reports whether a platform's token is for one of the audiences of a federated
// credential.
func hasAudience(w directory.Workload, audiences []string) bool {
	return slices.ContainsFunc(audiences, func(a string) bool { return slices.Contains(w.Audiences, a) })
}

// verifyAssertion verifies signature and lifetime. Entra limits neither the lifetime nor the
// use of an assertion (same page as above).
func (s *STS) verifyAssertion(assertion string, key jwt.Keyfunc) error {
	_, err := jwt.Parse(assertion, key,
		jwt.WithValidMethods([]string{"PS256", "RS256"}),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(maxClockSkew),
		jwt.WithTimeFunc(s.Now))
	return err
}

func isOutsideLifetime(err error) bool {
	return errors.Is(err, jwt.ErrTokenExpired) || errors.Is(err, jwt.ErrTokenNotValidYet)
}

// certificateKey returns the public key of the app's certificate that the assertion names by
// its SHA-256 or SHA-1 thumbprint.
func certificateKey(app directory.App, t *jwt.Token) (any, error) {
	for _, registered := range app.Certificates {
		block, _ := pem.Decode([]byte(registered.PEM))
		if block == nil {
			return nil, errors.New("a registered certificate is not PEM")
		}
		sha256Sum, sha1Sum := sha256.Sum256(block.Bytes), sha1.Sum(block.Bytes) //nolint:gosec // see the import
		if hasThumbprint(t, "x5t#S256", sha256Sum[:]) || hasThumbprint(t, "x5t", sha1Sum[:]) {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			return certificate.PublicKey, nil
		}
	}
	return nil, errors.New("the certificate is not registered")
}

// hasThumbprint reports whether a header of the assertion is a thumbprint. RFC 7515 requires
// base64url, but MSAL Go writes base64. Entra accepts both.
func hasThumbprint(t *jwt.Token, header string, thumbprint []byte) bool {
	text, _ := t.Header[header].(string)
	base64URL := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
	return base64URL == base64.RawURLEncoding.EncodeToString(thumbprint)
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
	block := pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}
	text := string(pem.EncodeToMemory(&block))
	if slices.ContainsFunc(app.Certificates, func(c directory.Certificate) bool { return c.PEM == text }) {
		return
	}
	app.Certificates = append(app.Certificates, directory.Certificate{
		ID:   directory.NewID(),
		Name: certificate.Subject.String(),
		PEM:  text,
	})
}
