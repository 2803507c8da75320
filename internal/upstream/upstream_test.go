package upstream_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// client trusts the test server through the CA file, as a person's would.
func client(t *testing.T, server *httptest.Server, c upstream.Config) *http.Client {
	t.Helper()
	c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(c.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := upstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name   string
		method string
		mark   bool // as safe to repeat
		fail   func(w http.ResponseWriter)
		limit  time.Duration
		sent   int32
		status int
	}{
		{"a GET that is told to wait", "GET", false, status(429, "0"), 0, 2, 200},
		{"an overloaded server", "GET", false, status(503, ""), 0, 2, 200},
		{"a broken connection", "GET", false, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 0, 2, 200},
		{"a wait until a date gone by", "GET", false, status(429, "Mon, 02 Jan 2006 15:04:05 GMT"), 0, 2, 200},
		{"a wait longer than there is time", "GET", false, status(429, "60"), time.Second, 1, 429},
		{"a server error that waiting does not cure", "GET", false, status(500, ""), 0, 1, 500},
		{"a POST", "POST", false, status(503, ""), 0, 1, 503},
		{"a PATCH of fixed values", "PATCH", true, status(503, ""), 0, 2, 200},
	} {
		for _, two := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, two), func(t *testing.T) {
				var sent atomic.Int32
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil || r.Method != "GET" && string(body) != "the body" {
						t.Errorf("got %q, %v", body, err)
					}
					if sent.Add(1) == 1 {
						c.fail(w)
					}
				}))
				server.EnableHTTP2 = two
				server.StartTLS()
				defer server.Close()
				ctx := t.Context()
				if c.mark {
					ctx = upstream.Idempotent(ctx)
				}
				var body io.Reader
				if c.method != "GET" {
					body = strings.NewReader("the body")
				}
				req, err := http.NewRequestWithContext(ctx, c.method, server.URL, body)
				if err != nil {
					t.Fatal(err)
				}
				res, err := client(t, server, upstream.Config{Timeout: c.limit}).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if sent.Load() != c.sent || res.StatusCode != c.status {
					t.Errorf("sent %d times, got %d; want %d, %d", sent.Load(), res.StatusCode, c.sent, c.status)
				}
			})
		}
	}
}

func status(code int, after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
	}
}

func TestATokenIsNotTakenAlongToAnotherPlace(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/other", http.StatusFound)
	}))
	defer server.Close()
	req, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	res, err := client(t, server, upstream.Config{}).Do(req)
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("got %v, %v", res, err)
	}
	res.Body.Close()
}

func TestTheCorrelationIDTravels(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("client-request-id")+" "+r.UserAgent())
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(upstream.WithCorrelationID(t.Context(), "the-id"), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client(t, server, upstream.Config{UserAgent: "us"}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, _ := io.ReadAll(res.Body); string(got) != "the-id us" {
		t.Errorf("got %q", got)
	}
}

func TestFaultsOfTheNetwork(t *testing.T) {
	slow := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // returning would answer, and on a busy machine the answer may still be read
	}))
	defer slow.Close()
	plain, err := upstream.New(upstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	host := strings.TrimPrefix(slow.URL, "https://")
	for _, c := range []struct {
		name    string
		ctx     context.Context
		client  *http.Client
		address string
		kind    fault.Kind
		what    string
	}{
		{"nobody is there", t.Context(), plain, "https://127.0.0.1:1/path?secret=x", fault.Unavailable, "doing: nothing answers at 127.0.0.1:1"},
		{"an unknown CA", t.Context(), plain, slow.URL, fault.Usage, "doing: the certificate of " + host + " is not trusted"},
		{"too slow", t.Context(), client(t, slow, upstream.Config{Timeout: 100 * time.Millisecond}), slow.URL, fault.Unavailable, "doing: " + host + " did not answer in time"},
		{"stopped", ended, plain, slow.URL, fault.Canceled, "doing: it was stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.address, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.client.Do(req)
			f := fault.As(upstream.Fault(err, "doing"))
			if f.Kind != c.kind || f.What != c.what || f.Fix == "" {
				t.Errorf("got %v %q, fix %q (%v)", f.Kind, f.What, f.Fix, err)
			}
		})
	}
	if f := fault.As(upstream.Fault(errors.New("x"), "doing")); f.Kind != fault.Internal {
		t.Errorf("another error: got %v", f)
	}
}

func TestCAFiles(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, what := range map[string]string{
		filepath.Join(dir, "none.pem"): "the CA file " + filepath.Join(dir, "none.pem") + " cannot be read",
		empty:                          "the CA file " + empty + " holds no certificate",
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
