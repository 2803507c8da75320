package obo_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/sandbox"
)

// world is a tenant with a mid-tier whose credential the test chooses.
type world struct {
	tenant *sandbox.Tenant
	facts  sandbox.Facts
	dir    string
	log    *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	return &world{tenant: tenant, facts: tenant.Facts(), dir: t.TempDir(), log: &bytes.Buffer{}}
}

func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

func (w *world) exchanger(t *testing.T, c obo.Credential) *obo.Exchanger {
	t.Helper()
	form, err := authority.Parse(w.facts.TenantID)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), w.tenant.Client(), form)
	if err != nil {
		t.Fatal(err)
	}
	e, err := obo.New(obo.Config{
		Authority:  a,
		ClientID:   w.facts.MidTierID,
		Credential: c,
		HTTP:       w.tenant.Client(),
		Scope:      "https://graph.microsoft.com/User.ReadWrite",
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// put writes a file and returns its path.
func (w *world) put(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pair is a certificate, its key, and both in PEM.
type pair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
	pem         []byte
}

func newPair(t *testing.T, until time.Time) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mid-tier"},
		NotBefore:    until.Add(-48 * time.Hour),
		NotAfter:     until,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	return pair{certificate, key, text}
}

// message returns what the user sees of an error.
func message(err error) string {
	if err == nil {
		return ""
	}
	return fault.As(err).What
}

func TestCertificateIsAcceptedOnceItIsRegistered(t *testing.T) {
	w := newWorld(t)
	p := newPair(t, time.Now().Add(time.Hour))
	credential, err := obo.Certificate(w.put(t, "mid-tier.pem", p.pem), "", w.logger())
	if err != nil {
		t.Fatal(err)
	}
	e := w.exchanger(t, credential)
	const unregistered = "cannot prove the mid-tier's identity: " +
		"the client certificate is not registered (AADSTS700027)"
	if err := e.Check(t.Context()); message(err) != unregistered {
		t.Fatalf("before it is registered: %v", err)
	}
	if err := w.tenant.AddCertificate(w.facts.MidTierID, p.certificate); err != nil {
		t.Fatal(err)
	}
	if err := e.Check(t.Context()); err != nil {
		t.Errorf("registered: %v", err)
	}
}

func TestCertificateIsReplacedWhenItsFileChanges(t *testing.T) {
	w := newWorld(t)
	registered, other := newPair(t, time.Now().Add(time.Hour)), newPair(t, time.Now().Add(time.Hour))
	if err := w.tenant.AddCertificate(w.facts.MidTierID, registered.certificate); err != nil {
		t.Fatal(err)
	}
	path := w.put(t, "mid-tier.pem", other.pem)
	credential, err := obo.Certificate(path, "", w.logger())
	if err != nil {
		t.Fatal(err)
	}
	e := w.exchanger(t, credential)
	if e.Check(t.Context()) == nil {
		t.Fatal("a certificate that is not registered was accepted")
	}
	w.put(t, "mid-tier.pem", registered.pem)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = e.Check(t.Context()); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil || !strings.Contains(w.log.String(), "the client certificate was reloaded") {
		t.Errorf("the new certificate is not used: %v; log %s", err, w.log)
	}
}

func TestCertificateReadsPFXFiles(t *testing.T) {
	w := newWorld(t)
	p := newPair(t, time.Now().Add(time.Hour))
	if err := w.tenant.AddCertificate(w.facts.MidTierID, p.certificate); err != nil {
		t.Fatal(err)
	}
	for name, encoder := range map[string]*pkcs12.Encoder{
		"modern":       pkcs12.Modern2023,
		"from Windows": pkcs12.LegacyDES,
	} {
		raw, err := encoder.Encode(p.key, p.certificate, nil, "pass word")
		if err != nil {
			t.Fatal(err)
		}
		path := w.put(t, "mid-tier.pfx", raw)
		credential, err := obo.Certificate(path, "pass word", w.logger())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := w.exchanger(t, credential).Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err = obo.Certificate(path, "wrong", w.logger())
		if !strings.Contains(message(err), "password incorrect") || strings.Contains(message(err), "wrong") {
			t.Errorf("%s, a wrong password: %v", name, err)
		}
	}
}

func TestFederatedTokenIsAcceptedFromATrustedWorkload(t *testing.T) {
	w := newWorld(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	const (
		issuer      = "https://kubernetes.example"
		subject     = "system:serviceaccount:default:mid-tier"
		audience    = "api://AzureADTokenExchange"
		failed      = "cannot prove the mid-tier's identity: "
		untrusted   = failed + "the tenant does not trust this workload's token (AADSTS700213)"
		misdirected = failed + "this workload's token is not meant for the tenant (AADSTS700212)"
		untimely    = failed + "the client assertion is outside its time range (AADSTS700024)"
	)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	if err := w.tenant.TrustWorkload(w.facts.MidTierID, issuer, subject, public); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, subject, audience string
		lifetime                time.Duration
		want                    string
	}{
		{"the trusted workload", subject, audience, time.Hour, ""},
		{"another workload", "system:serviceaccount:default:other", audience, time.Hour, untrusted},
		{"a token with another audience", subject, "https://kubernetes.default.svc", time.Hour, misdirected},
		{"a token that was not renewed", subject, audience, -time.Hour, untimely},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
				Issuer:    issuer,
				Subject:   c.subject,
				Audience:  jwt.ClaimStrings{c.audience},
				ExpiresAt: jwt.NewNumericDate(time.Now().Add(c.lifetime)),
			}).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			credential, err := obo.FederatedToken(w.put(t, "token", []byte(token+"\n")), w.logger())
			if err != nil {
				t.Fatal(err)
			}
			if err := w.exchanger(t, credential).Check(t.Context()); message(err) != c.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSecretFileIsReadAgainWhenItChanges(t *testing.T) {
	w := newWorld(t)
	credential, err := obo.SecretFile(w.put(t, "secret", []byte("the old one\r\n")), w.logger())
	if err != nil {
		t.Fatal(err)
	}
	e := w.exchanger(t, credential)
	const wrong = "cannot prove the mid-tier's identity: the client secret is wrong (AADSTS7000215)"
	if err := e.Check(t.Context()); message(err) != wrong {
		t.Fatalf("got %v", err)
	}
	w.put(t, "secret", []byte(w.facts.MidTierSecret+"\n"))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = e.Check(t.Context()); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestSecretIgnoresWhatEditorsAdd(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{"%s", "%s\n", "%s\r\n\r\n", "\ufeff%s", "\ufeff%s\r\n"} {
		text = strings.ReplaceAll(text, "%s", w.facts.MidTierSecret)
		fromText, err := obo.Secret(text, w.logger())
		if err != nil {
			t.Fatal(err)
		}
		fromFile, err := obo.SecretFile(w.put(t, "secret", []byte(text)), w.logger())
		if err != nil {
			t.Fatal(err)
		}
		for _, credential := range []obo.Credential{fromText, fromFile} {
			if err := w.exchanger(t, credential).Check(t.Context()); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

func TestSecretWarnsOfQuotesAndKeepsThem(t *testing.T) {
	for text, want := range map[string]string{
		`"secret"`: `in quotes (\")`, "'secret'\n": `in quotes (')`, " secret": "with spaces", `se"cret`: "", `"`: "",
	} {
		var log bytes.Buffer
		if _, err := obo.Secret(text, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if got := log.String(); want == "" && got != "" || !strings.Contains(got, want) ||
			strings.Contains(got, "secret\\\"") {
			t.Errorf("%s: logged %s", text, got)
		}
	}
}

func TestCredentialRejectsUnusableFiles(t *testing.T) {
	w := newWorld(t)
	good, expired := newPair(t, time.Now().Add(time.Hour)), newPair(t, time.Now().Add(-time.Hour))
	certificate := func(path string) error { _, err := obo.Certificate(path, "", w.logger()); return err }
	federated := func(path string) error { _, err := obo.FederatedToken(path, w.logger()); return err }
	secret := func(path string) error { _, err := obo.SecretFile(path, w.logger()); return err }
	block, rest := pem.Decode(good.pem)
	_, otherKey := pem.Decode(expired.pem)
	mismatched := append(pem.EncodeToMemory(block), otherKey...)
	expiry := expired.certificate.NotAfter.Format(time.DateOnly)
	for _, c := range []struct {
		name    string
		open    func(string) error
		content []byte
		want    string // a part of the message
	}{
		{"an empty secret", secret, []byte("\n"), "secret can't be empty string"},
		{"a secret in UTF-16", secret, []byte("\xff\xfes\x00"), "it is encoded in UTF-16; save it as UTF-8"},
		{"an expired certificate", certificate, expired.pem, "it expired on " + expiry},
		{"a certificate without its key", certificate, pem.EncodeToMemory(block), "no private key found"},
		{"a key without its certificate", certificate, rest, "no certificates found"},
		{"a certificate with another key", certificate, mismatched, "key doesn't match any certificate"},
		{"a certificate file with other content", certificate, []byte("rubbish"), "read PFX"},
		{"a token file with other content", federated, []byte("not a token"), "it holds no token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.open(w.put(t, "file", c.content))
			if f := fault.As(err); f.Kind != fault.Usage || !strings.Contains(f.What, c.want) || f.Fix == "" {
				t.Errorf("got %v", err)
			}
		})
	}
	missing := filepath.Join(w.dir, "missing")
	if got := message(certificate(missing)); got != "the client certificate file "+missing+" does not exist" {
		t.Errorf("got %q", got)
	}
	if _, err := obo.Secret("\ufeff\r\n", w.logger()); message(err) != "the client secret is empty" {
		t.Errorf("got %v", err)
	}
}
