package upstream_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// serial is the serial number of every certificate of these tests. It is a single
// byte, so that makeNegative can find it.
const serial = 0x7b

// issued is a certificate with its key.
type issued struct {
	der []byte
	key *ecdsa.PrivateKey
}

// issue creates a certificate for 127.0.0.1. A nil CA makes it self-signed.
func issue(t *testing.T, ca *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: "Leaf"},
		NotBefore:    time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2090, 1, 2, 0, 0, 0, 0, time.UTC),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if ca != nil {
		if parent, err = x509.ParseCertificate(ca.der); err != nil {
			t.Fatal(err)
		}
		signer = ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{der: der, key: key}
}

func asCA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.Subject.CommonName = true, true, "Test CA"
}

// makeNegative changes the sign of the serial number. This breaks the signature, which
// is checked later.
func (i *issued) makeNegative() *issued {
	const integer, one = 2, 1
	der := bytes.Replace(i.der, []byte{integer, one, serial}, []byte{integer, one, 0x80 | serial}, 1)
	return &issued{der: der, key: i.key}
}

func (i *issued) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.der})
}

// write writes a CA file.
func write(t *testing.T, content ...[]byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, bytes.Join(content, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// get sends a request to a server with a TLS configuration and returns the fault. It
// replaces the address of the server and the path of the CA file.
func get(t *testing.T, config *tls.Config, caFile string) *fault.Error {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	// httptest reads the certificates of its configuration, but not of this one.
	server.TLS = &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return config, nil },
	}
	server.StartTLS()
	defer server.Close()
	return getFrom(t, server.URL, caFile)
}

func getFrom(t *testing.T, address, caFile string) *fault.Error {
	t.Helper()
	client, err := upstream.New(upstream.Config{CAFile: caFile, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get(address)
	if err == nil {
		res.Body.Close()
		t.Fatal("the request succeeded")
	}
	f := *fault.As(upstream.Fault(err, "cannot ask"))
	host := strings.TrimPrefix(address, "https://")
	f.What = strings.ReplaceAll(f.What, host, "HOST")
	if caFile != "" {
		f.What = strings.ReplaceAll(f.What, caFile, "FILE")
	}
	return &f
}

func TestFaultNamesTheCauseOfARejectedCertificate(t *testing.T) {
	ca := issue(t, nil, asCA)
	trusted := write(t, ca.pem())
	for _, c := range []struct {
		name        string
		certificate *issued
		caFile      string
		what, fix   string
	}{
		{
			name:        "expired",
			certificate: issue(t, ca, func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(1, 0, 0) }),
			caFile:      trusted,
			what:        "the certificate of HOST expired on 2021-01-02",
			fix:         "renew",
		},
		{
			name:        "not yet valid",
			certificate: issue(t, ca, func(c *x509.Certificate) { c.NotBefore = c.NotAfter.AddDate(-1, 0, 0) }),
			caFile:      trusted,
			what:        "the certificate of HOST is not yet valid; it begins on 2089-01-02",
			fix:         "clock",
		},
		{
			name: "for another host",
			certificate: issue(t, ca, func(c *x509.Certificate) {
				c.IPAddresses, c.DNSNames = nil, []string{"proxy.example"}
			}),
			caFile: trusted,
			what:   "the certificate of HOST is for proxy.example instead",
			fix:    "proxy",
		},
		{
			name:        "for no host",
			certificate: issue(t, ca, func(c *x509.Certificate) { c.IPAddresses = nil }),
			caFile:      trusted,
			what:        "the certificate of HOST is for no host, because it has no subject alternative names, instead",
			fix:         "check the address",
		},
		{
			name:        "self-signed",
			certificate: issue(t, nil, nil),
			caFile:      trusted,
			what:        "the certificate of HOST is not trusted: it is self-signed",
			fix:         "set ca-file to this certificate",
		},
		{
			name:        "of an unknown CA",
			certificate: issue(t, ca, nil),
			caFile:      write(t, issue(t, nil, asCA).pem()),
			what:        "the certificate of HOST is not trusted",
			fix:         "set ca-file",
		},
		{
			name:        "with a negative serial number",
			certificate: issue(t, ca, nil).makeNegative(),
			caFile:      trusted,
			what:        "the certificate of HOST has a negative serial number, which RFC 5280 forbids",
			fix:         "GODEBUG=x509negativeserial=1",
		},
		{
			name:        "of a CA that was left out",
			certificate: issue(t, ca, nil),
			caFile:      write(t, issue(t, nil, asCA).pem(), ca.makeNegative().pem()),
			what: "the certificate of HOST is not trusted; the CA file FILE contains a certificate " +
				"with a negative serial number, which was left out",
			fix: "set ca-file",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := tls.Certificate{Certificate: [][]byte{c.certificate.der}, PrivateKey: c.certificate.key}
			f := get(t, &tls.Config{Certificates: []tls.Certificate{pair}}, c.caFile)
			if f.Kind != fault.Usage || f.What != "cannot ask: "+c.what || !strings.Contains(f.Fix, c.fix) {
				t.Errorf("got %s; fix: %s", f.What, f.Fix)
			}
		})
	}
}

// TestClientTrustsASelfSignedCertificateOfTheFile follows the advice for such a
// certificate.
func TestClientTrustsASelfSignedCertificateOfTheFile(t *testing.T) {
	own := issue(t, nil, nil)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{own.der}, PrivateKey: own.key}}}
	server.StartTLS()
	defer server.Close()
	client, err := upstream.New(upstream.Config{CAFile: write(t, own.pem())})
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestFaultNamesTheCauseOfAFailedHandshake(t *testing.T) {
	ca := issue(t, nil, asCA)
	leaf := issue(t, ca, nil)
	pair := []tls.Certificate{{Certificate: [][]byte{leaf.der}, PrivateKey: leaf.key}}
	file := write(t, ca.pem())
	old := &tls.Config{Certificates: pair, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	f := get(t, old, file)
	if f.Kind != fault.Unavailable || !strings.Contains(f.Fix, "older than TLS 1.2") {
		t.Errorf("an old server: got %s; fix: %s", f.What, f.Fix)
	}
	f = get(t, &tls.Config{Certificates: pair, ClientAuth: tls.RequireAnyClientCert}, file)
	if f.What != "cannot ask: HOST rejected the TLS connection" || !strings.Contains(f.Fix, "client certificate") {
		t.Errorf("a server that wants a client certificate: got %s; fix: %s", f.What, f.Fix)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	f = getFrom(t, strings.Replace(plain.URL, "http:", "https:", 1), file)
	if f.Kind != fault.Usage || f.What != "cannot ask: HOST does not speak TLS" {
		t.Errorf("a server without TLS: got %s; fix: %s", f.What, f.Fix)
	}
}

func TestNewNamesACertificateThatCannotBeRead(t *testing.T) {
	ca := issue(t, nil, asCA)
	negative := write(t, ca.makeNegative().pem())
	broken := write(t, (&issued{der: []byte("no certificate")}).pem())
	for file, what := range map[string]string{
		negative: "contains a certificate with a negative serial number, which RFC 5280 forbids",
		broken:   "contains a certificate that cannot be read",
	} {
		_, err := upstream.New(upstream.Config{CAFile: file})
		if f := fault.As(err); f.Kind != fault.Usage || f.What != "the CA file "+file+" "+what || f.Fix == "" {
			t.Errorf("got %v", err)
		}
	}
}

func TestFaultNamesAProxyThatIsDown(t *testing.T) {
	client, err := upstream.New(upstream.Config{
		Attempts: 1,
		Proxy:    func(*http.Request) (*url.URL, error) { return url.Parse("http://127.0.0.1:1") },
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get("https://graph.example")
	if err == nil {
		res.Body.Close()
	}
	f := fault.As(upstream.Fault(err, "cannot ask"))
	const want = "cannot ask: the proxy for graph.example cannot be reached"
	if f.What != want || !strings.Contains(f.Fix, "HTTPS_PROXY") {
		t.Errorf("got %s; fix: %s", f.What, f.Fix)
	}
}
