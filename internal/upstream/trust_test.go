package upstream_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// newServer starts a server whose certificate is from a CA of its own, and returns
// the path of that CA's certificate.
func newServer(t *testing.T) (server *httptest.Server, caFile string) {
	t.Helper()
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS}}
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, certificate.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	return server, caFile
}

// TestClientTrustsTheFileAndTheSystem runs itself in another process, because the
// system's roots are chosen by the environment before they are first read.
func TestClientTrustsTheFileAndTheSystem(t *testing.T) {
	if args := os.Getenv("TEST_TRUST"); args != "" {
		sendToAll(t, strings.Fields(args))
		return
	}
	private, privateCA := newServer(t)
	public, publicCA := newServer(t)
	unknown, _ := newServer(t)
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	c.Env = append(os.Environ(),
		"TEST_TRUST="+strings.Join([]string{privateCA, private.URL, public.URL, unknown.URL}, " "),
		"SSL_CERT_FILE="+publicCA,
		"SSL_CERT_DIR=/nowhere",
	)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// sendToAll sends requests to a server with a certificate of the file's CA, twice
// to one of the system's, and to one of an unknown CA.
func sendToAll(t *testing.T, args []string) {
	client, err := upstream.New(upstream.Config{CAFile: args[0]})
	if err != nil {
		t.Fatal(err)
	}
	trusted := []string{args[1], args[2], args[2]}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		trusted = trusted[:1] // Go does not read SSL_CERT_FILE there
	}
	for _, address := range trusted {
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
	f := fault.As(upstream.Fault(err, "cannot ask"))
	if err == nil || f.Kind != fault.Usage || !strings.Contains(f.What, "is not trusted") {
		t.Errorf("unknown CA: got %v", err)
	}
}

func TestNewRejectsUnusableCAFiles(t *testing.T) {
	dir := t.TempDir()
	missing, empty := filepath.Join(dir, "none.pem"), filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, what := range map[string]string{
		missing: "the CA file " + missing + " cannot be read",
		empty:   "the CA file " + empty + " contains no certificate",
	} {
		_, err1 := upstream.New(upstream.Config{CAFile: file})
		_, err2 := upstream.Roots(file)
		for _, err := range []error{err1, err2} {
			if f := fault.As(err); f.Kind != fault.Usage || f.What != what {
				t.Errorf("got %v", err)
			}
		}
	}
}
