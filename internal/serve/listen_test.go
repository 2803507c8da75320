package serve

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

func TestCheckAddressAllowsPlainHTTPOnlyOnLoopback(t *testing.T) {
	for _, c := range []struct {
		address             string
		secure, behindProxy bool
		ok                  bool
	}{
		{"localhost:3001", false, false, true},
		{"127.0.0.1:0", false, false, true},
		{"[::1]:80", false, false, true},
		{"0.0.0.0:80", false, false, false},
		{":3001", false, false, false},
		{"example.com:80", false, false, false},
		{"0.0.0.0:443", true, false, true},
		{":3001", false, true, true},
		{"3001", false, false, false},
	} {
		if err := checkAddress(c.address, c.secure, c.behindProxy); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// renew writes a new certificate and returns it as clients see it.
func renew(t *testing.T, certFile, keyFile string) []byte {
	t.Helper()
	c, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: c.TLS.Certificate[0]},
		keyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c.TLS.Certificate[0]
}

func TestLoadCertificateFollowsRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		first := renew(t, certFile, keyFile)
		var log bytes.Buffer
		loaded, err := loadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		serves := func(want []byte) {
			t.Helper()
			time.Sleep(2 * time.Second)
			got, err := loaded.forClient(&tls.ClientHelloInfo{})
			if err != nil || !bytes.Equal(got.Certificate[0], want) {
				t.Errorf("another certificate is served: %v", err)
			}
		}
		serves(first)
		second := renew(t, certFile, keyFile)
		serves(second)
		if err := os.WriteFile(keyFile, []byte("half a renewal"), 0o600); err != nil {
			t.Fatal(err)
		}
		serves(second)
		if !strings.Contains(log.String(), "keeping the old one") {
			t.Errorf("the log says %s", log.String())
		}
		serves(second)
		third := renew(t, certFile, keyFile)
		serves(third)
	})
}

func TestLoadCertificateRejectsUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	renew(t, path("cert.pem"), path("key.pem"))
	renew(t, path("other.pem"), path("other.key"))
	if err := os.WriteFile(path("text"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	const unusable = "the certificate to serve with cannot be used"
	for _, c := range []struct{ name, cert, key, what string }{
		{"no file", path("nowhere"), path("key.pem"), unusable + ": there is no file " + path("nowhere")},
		{"a directory", dir, path("key.pem"), unusable + ": " + dir + " cannot be read"},
		{"no PEM", path("text"), path("key.pem"), unusable},
		{"the key of another certificate", path("cert.pem"), path("other.key"), unusable},
		{"no key", path("cert.pem"), "", "only one of tls-cert and tls-key is configured"},
		{"no certificate", "", path("key.pem"), "only one of tls-cert and tls-key is configured"},
	} {
		_, err := loadCertificate(c.cert, c.key, slog.New(slog.DiscardHandler))
		if f := fault.As(err); f.Kind != fault.Usage || f.What != c.what || f.Fix == "" {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestReadPairRejectsCertificatesThatAreNotValid(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	renew(t, certFile, keyFile)
	const decade = 10 * 365 * 24 * time.Hour
	for want, now := range map[string]time.Time{
		"it expired on ":          time.Now().Add(decade),
		"it is not valid before ": time.Now().Add(-decade),
	} {
		_, err := readPair(certFile, keyFile, now)
		if err == nil || !strings.HasPrefix(err.Error(), want) || certificateFault(err).Fix == "" {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestListenOpensBothAddressesOfLocalhost(t *testing.T) {
	for _, address := range []string{"localhost:0", "LOCALHOST:0"} {
		listeners, opened, err := listen(t.Context(), "listen", address)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(opened)
		want := []string{"127.0.0.1:" + port, "[::1]:" + port}
		if len(listeners) != 2 || listeners[0].Addr().String() != want[0] || listeners[1].Addr().String() != want[1] {
			t.Errorf("%s: got %v as %s", address, listeners, opened)
		}
		if opened != "localhost:"+port {
			t.Errorf("%s: clients get %s", address, opened)
		}
		if err := closeAll(listeners); err != nil {
			t.Error(err)
		}
	}
}

func TestListenOpensOnlyTheNamedAddress(t *testing.T) {
	listeners, opened, err := listen(t.Context(), "listen", "127.0.0.1:0")
	if err != nil || len(listeners) != 1 || opened != listeners[0].Addr().String() {
		t.Fatalf("got %v as %s, %v", listeners, opened, err)
	}
	if err := closeAll(listeners); err != nil {
		t.Error(err)
	}
}

func TestListenSaysWhyAnAddressCannotBeOpened(t *testing.T) {
	taken, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for address, what := range map[string]string{
		"localhost:" + port: "cannot listen on localhost:" + port + ": another program uses the port",
		"192.0.2.1:0":       "cannot listen on 192.0.2.1:0: this machine does not have the address", // RFC 5737
		"nothing":           "cannot listen on nothing",
	} {
		_, _, err := listen(t.Context(), "listen", address)
		if f := fault.As(err); f.Kind != fault.Usage || f.What != what || f.Fix == "" {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestRatesLimitConcurrentRequests(t *testing.T) {
	const perMinute, users, requests = 1, 2000, 4
	r := newRates(perMinute, nil)
	for user := range users {
		var admitted atomic.Int64
		var group sync.WaitGroup
		start := make(chan struct{})
		for range requests {
			group.Go(func() {
				<-start
				if r.wait(t.Context(), strconv.Itoa(user), time.Now()) == 0 {
					admitted.Add(1)
				}
			})
		}
		close(start)
		group.Wait()
		if n := admitted.Load(); n != perMinute {
			t.Fatalf("%d of %d requests at the same time were admitted, want %d", n, requests, perMinute)
		}
	}
}
