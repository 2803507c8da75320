package upstream_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// vouched starts a server with a certificate of a CA of its own and returns the
// CA's file.
func vouched(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS}}
	server.StartTLS()
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, certificate.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	return server, path
}

// TestTheFilesCAsAreTriedFirstAndTheSystemsThen needs a process of its own, whose
// system's roots are chosen before they are read.
func TestTheFilesCAsAreTriedFirstAndTheSystemsThen(t *testing.T) {
	if address := os.Getenv("TEST_TRUST"); address != "" {
		askBoth(t, strings.Fields(address))
		return
	}
	own, ownFile := vouched(t)
	public, publicFile := vouched(t)
	stranger, _ := vouched(t)
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(), "TEST_TRUST="+strings.Join([]string{ownFile, own.URL, public.URL, stranger.URL}, " "), "SSL_CERT_FILE="+publicFile, "SSL_CERT_DIR=/nowhere")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// askBoth sends to a server of the file's CA, twice to one of the system's, and
// to one that nobody vouches for.
func askBoth(t *testing.T, args []string) {
	client, err := upstream.New(upstream.Config{CAFile: args[0]})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{args[1], args[2], args[2]} {
		res, err := client.Post(address, "text/plain", strings.NewReader("the body"))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != "the body" {
			t.Errorf("got %q, %v", body, err)
		}
		res.Body.Close()
	}
	_, err = client.Post(args[3], "text/plain", strings.NewReader("the body"))
	if f := fault.As(upstream.Fault(err, "cannot ask")); err == nil || f.Kind != fault.Usage || !strings.Contains(f.What, "is not trusted") {
		t.Errorf("a stranger: got %v", err)
	}
}
