package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
)

func TestReloadAppliesSettingsThatCanChange(t *testing.T) {
	w := newWorld(t, rate(1))
	const origin = "https://app.contoso.com"
	allowed := func() bool {
		res := w.post(howTo, "", func(r *http.Request) { r.Header.Set("Origin", origin) })
		return res.Header().Get("Access-Control-Allow-Origin") == origin
	}
	if allowed() {
		t.Error("an origin is allowed that is not configured")
	}
	w.post(howTo, w.strong)
	if res := w.post(howTo, w.strong); res.Code != http.StatusTooManyRequests {
		t.Errorf("got %d", res.Code)
	}
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{
		Rate:        100,
		AllowOrigin: func(o string) bool { return o == origin },
		Credential:  serve.CredentialSettings{SecretExpires: time.Unix(1_900_000_000, 0)},
		Attributes: serve.AttributesSettings{
			Credential: serve.CredentialSettings{SecretExpires: time.Unix(1_800_000_000, 0)},
		},
	}})
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("with another limit: got %d", res.Code)
	}
	if !allowed() {
		t.Error("the configured origin is not allowed")
	}
	text := w.admin("/metrics")
	if !strings.Contains(text, `profilectl_expiry_timestamp_seconds{what="client secret"} 1.9e+09`) ||
		!strings.Contains(text, `profilectl_expiry_timestamp_seconds{what="attributes client secret"} 1.8e+09`) ||
		!strings.Contains(text, "\nprofilectl_last_reload_successful 1\n") {
		t.Errorf("the metrics are %s", text)
	}
	w.server.Reload(t.Context(), serve.Reload{})
	if !allowed() || !strings.Contains(w.admin("/metrics"), "\nprofilectl_last_reload_successful 0\n") {
		t.Error("settings that cannot be used are used, or not reported")
	}
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	if allowed() || !strings.Contains(w.admin("/metrics"), "\nprofilectl_last_reload_successful 1\n") {
		t.Error("the setting cannot be removed")
	}
}

// writeCertificate writes a server certificate that expires at a time, with its key.
func writeCertificate(t *testing.T, certFile, keyFile string, expires time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     expires,
		DNSNames:     []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "PRIVATE KEY", Bytes: rawKey},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReloadUsesARenewedCertificateAtOnce(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := time.Now().Add(time.Hour).Truncate(time.Second)
	writeCertificate(t, certFile, keyFile, first)
	w := newWorld(t, func(s *serve.Settings) {
		s.Listen = serve.ListenSettings{
			Public: "localhost:0", Admin: "localhost:0", Certificate: certFile, Key: keyFile,
		}
	})
	listeners, err := w.server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(t.Context(), listeners) }()
	// serves compares the certificate on a new connection.
	serves := func(expires time.Time) {
		t.Helper()
		address := strings.TrimPrefix(listeners.URL, "https://")
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.ConnectionState().PeerCertificates[0].NotAfter; !got.Equal(expires) {
			t.Errorf("the certificate expires at %v, want %v", got, expires)
		}
	}
	serves(first)
	second := first.Add(time.Hour)
	writeCertificate(t, certFile, keyFile, second)
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	serves(second)
	if err := os.WriteFile(keyFile, []byte("half a renewal"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	serves(second)
	if !strings.Contains(w.admin("/metrics"), "\nprofilectl_last_reload_successful 0\n") ||
		!strings.Contains(w.log.String(), `"level":"ERROR","msg":"reloaded","failed":["tls-cert"]`) {
		t.Errorf("the failure is not reported: %s", w.log)
	}
	for _, want := range []string{`"msg":"serving","version":"devel","revision":"unknown","tenant":"`, `"tls":true`,
		`"credential":"client-secret"`, `"expires":{"TLS certificate":"`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}
