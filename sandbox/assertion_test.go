package sandbox_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // for the thumbprint x5t
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/profilectl/profilectl/sandbox"
)

// credential is a key with its certificate.
type credential struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

func newCredential(t *testing.T) credential {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return credential{key, certificate}
}

// sha256Thumbprint sets the header that Microsoft's page documents.
func (c credential) sha256Thumbprint(header map[string]any) {
	sum := sha256.Sum256(c.certificate.Raw)
	header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum[:])
}

// sha1Thumbprint sets the header that Microsoft's examples show.
func (c credential) sha1Thumbprint(header map[string]any) {
	sum := sha1.Sum(c.certificate.Raw)
	header["x5t"] = base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestClientAssertions(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	registered, other := newCredential(t), newCredential(t)
	if err := c.tenant.AddCertificate(c.facts.WebClientID, registered.certificate); err != nil {
		t.Fatal(err)
	}
	tenant := c.facts.TenantID
	valid := func() jwt.MapClaims {
		now := time.Now()
		return jwt.MapClaims{
			"aud": "https://" + tenant + ".ciamlogin.com/" + tenant + "/oauth2/v2.0/token",
			"iss": c.facts.WebClientID,
			"sub": c.facts.WebClientID,
			"jti": rand.Text(),
			"nbf": now.Unix(),
			"exp": now.Add(5 * time.Minute).Unix(),
		}
	}
	for _, row := range []struct {
		name   string
		method jwt.SigningMethod // PS256 if it is nil
		signer credential        // registered if it is empty
		header func(credential, map[string]any)
		change jwt.MapClaims
		want   int // error code, or 0
	}{
		{name: "PS256 with x5t#S256"},
		{name: "RS256 with x5t", method: jwt.SigningMethodRS256, header: credential.sha1Thumbprint},
		{name: "RS256 with x5t#S256", method: jwt.SigningMethodRS256},
		{name: "PS256 with x5t", header: credential.sha1Thumbprint},
		{name: "the tenant's domain", change: jwt.MapClaims{
			"aud": "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/v2.0/token"}},
		{name: "the v1.0 endpoint", change: jwt.MapClaims{
			"aud": "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/token"}},
		{name: "the host of workforce tenants", change: jwt.MapClaims{
			"aud": "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token"}},
		{name: "the issuer", change: jwt.MapClaims{
			"aud": "https://" + tenant + ".ciamlogin.com/" + tenant + "/v2.0"}},
		{name: "a list of audiences", change: jwt.MapClaims{
			"aud": []string{"https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/v2.0/token"}}},
		{name: "a lifetime of a day", change: jwt.MapClaims{"exp": time.Now().Add(24 * time.Hour).Unix()}},
		{name: "a clock that is two minutes fast", change: jwt.MapClaims{
			"nbf": time.Now().Add(2 * time.Minute).Unix()}},
		{name: "no nbf and no jti", change: jwt.MapClaims{"nbf": nil, "jti": nil}},
		{name: "another tenant", change: jwt.MapClaims{
			"aud": "https://fabrikam.ciamlogin.com/fabrikam.onmicrosoft.com/oauth2/v2.0/token"}, want: 700023},
		{name: "another endpoint", change: jwt.MapClaims{
			"aud": "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/oauth2/v2.0/authorize"}, want: 700023},
		{name: "no audience", change: jwt.MapClaims{"aud": nil}, want: 700023},
		{name: "expired", change: jwt.MapClaims{"exp": time.Now().Add(-10 * time.Minute).Unix()}, want: 700024},
		{name: "not yet valid", change: jwt.MapClaims{"nbf": time.Now().Add(10 * time.Minute).Unix()}, want: 700024},
		{name: "another app", change: jwt.MapClaims{"iss": tenant, "sub": tenant}, want: 700021},
		{name: "another subject", change: jwt.MapClaims{"sub": tenant}, want: 50048},
		{name: "a certificate that is not registered", signer: other, want: 700027},
		{name: "the key of another certificate", signer: credential{other.key, registered.certificate}, want: 700027},
		{name: "no thumbprint", header: func(credential, map[string]any) {}, want: 700027},
		{name: "HS256", method: jwt.SigningMethodHS256, want: 700027},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.t = t
			claims := valid()
			for name, value := range row.change {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			if row.method == nil {
				row.method = jwt.SigningMethodPS256
			}
			if row.signer.key == nil {
				row.signer = registered
			}
			if row.header == nil {
				row.header = credential.sha256Thumbprint
			}
			assertion := jwt.NewWithClaims(row.method, claims)
			row.header(row.signer, assertion.Header)
			var key any = row.signer.key
			if row.method == jwt.SigningMethodHS256 {
				key = row.signer.certificate.Raw
			}
			signed, err := assertion.SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			got := c.token("grant_type", "client_credentials", "scope", graphDefault, "client_id", c.facts.WebClientID,
				"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
				"client_assertion", signed)
			if row.want != 0 {
				c.wantError(got, 401, row.want)
				return
			}
			if got.Status != 200 || claimsOf(t, got.AccessToken)["appidacr"] != "2" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFederatedCredentialErrorsNameTheCause(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	platform := newCredential(t)
	der, err := x509.MarshalPKIXPublicKey(&platform.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := c.tenant.TrustWorkload(c.facts.WebClientID, "https://ci.example", "repo:main", public); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		issuer, subject, audience string
		want                      int
	}{
		{"https://ci.example", "repo:main", "api://AzureADTokenExchange", 0},
		{"https://other.example", "repo:main", "api://AzureADTokenExchange", 700211},
		{"https://ci.example", "repo:main", "api://other", 700212},
		{"https://ci.example", "repo:branch", "api://AzureADTokenExchange", 700213},
	} {
		signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": row.issuer,
			"sub": row.subject,
			"aud": row.audience,
			"exp": time.Now().Add(time.Minute).Unix(),
		}).SignedString(platform.key)
		if err != nil {
			t.Fatal(err)
		}
		got := c.token("grant_type", "client_credentials", "scope", graphDefault, "client_id", c.facts.WebClientID,
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			"client_assertion", signed)
		if row.want == 0 && got.Status != 200 || row.want != 0 && !strings.Contains(got.Error, "invalid_client") {
			t.Errorf("%s %s %s: got %+v", row.issuer, row.subject, row.audience, got)
		}
		if row.want != 0 {
			c.wantError(got, 401, row.want)
		}
	}
}
