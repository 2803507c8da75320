package upstream_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
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

// newClient returns a client that trusts the test server because of its CA file.
func newClient(t *testing.T, server *httptest.Server, c upstream.Config) *http.Client {
	t.Helper()
	c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(c.CAFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := upstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// retryCase is a request whose first attempt fails, or each of them.
type retryCase struct {
	name       string
	method     string
	idempotent bool // marked as such
	fail       func(w http.ResponseWriter)
	always     bool
	timeout    time.Duration
	sent       int32
	status     int
}

func TestClientRetriesWhatIsSafeToRepeat(t *testing.T) {
	for _, c := range []retryCase{
		{name: "throttled GET", method: "GET", fail: respond(429, "0"), sent: 2, status: 200},
		{name: "overloaded server", method: "GET", fail: respond(503, ""), sent: 2, status: 200},
		{
			name:   "broken connection",
			method: "GET",
			fail:   func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
			sent:   2,
			status: 200,
		},
		{
			name:   "Retry-After in the past",
			method: "GET",
			fail:   respond(429, "Mon, 02 Jan 2006 15:04:05 GMT"),
			sent:   2,
			status: 200,
		},
		{
			name:    "Retry-After beyond the timeout",
			method:  "GET",
			fail:    respond(429, "60"),
			timeout: time.Second,
			sent:    1,
			status:  429,
		},
		{name: "lasting overload", method: "GET", fail: respond(503, "0"), always: true, sent: 3, status: 503},
		{name: "server error", method: "GET", fail: respond(500, ""), sent: 1, status: 500},
		{name: "POST", method: "POST", fail: respond(503, ""), sent: 1, status: 503},
		{name: "idempotent PATCH", method: "PATCH", idempotent: true, fail: respond(503, ""), sent: 2, status: 200},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, http2), func(t *testing.T) { c.run(t, http2) })
		}
	}
}

func (c retryCase) run(t *testing.T, http2 bool) {
	var sent atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "GET" && string(body) != "the body" {
			t.Errorf("got %q, %v", body, err)
		}
		if sent.Add(1) == 1 || c.always {
			c.fail(w)
		}
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	defer server.Close()
	ctx := t.Context()
	if c.idempotent {
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
	res, err := newClient(t, server, upstream.Config{Timeout: c.timeout}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if sent.Load() != c.sent || res.StatusCode != c.status {
		t.Errorf("sent %d times, got %d; want %d, %d", sent.Load(), res.StatusCode, c.sent, c.status)
	}
}

// respond sends a status, and a Retry-After header unless it is empty.
func respond(status int, retryAfter string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(status)
	}
}

func TestClientFollowsNoRedirectWithAToken(t *testing.T) {
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
	res, err := newClient(t, server, upstream.Config{}).Do(req)
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("got %v, %v", res, err)
	}
	res.Body.Close()
}

func TestClientSendsTheCorrelationID(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("client-request-id")+" "+r.UserAgent())
	}))
	defer server.Close()
	ctx := upstream.WithCorrelationID(t.Context(), "the-id")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := newClient(t, server, upstream.Config{UserAgent: "us"}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, _ := io.ReadAll(res.Body); string(got) != "the-id us" {
		t.Errorf("got %q", got)
	}
}

func TestFault(t *testing.T) {
	slow := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // returning would send a response, which a busy machine may still read
	}))
	defer slow.Close()
	plain, err := upstream.New(upstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	host := strings.TrimPrefix(slow.URL, "https://")
	for _, c := range []struct {
		name   string
		ctx    context.Context
		client *http.Client
		url    string
		kind   fault.Kind
		what   string
		next   fault.Action
	}{
		{
			name:   "refused connection",
			ctx:    t.Context(),
			client: plain,
			url:    "https://127.0.0.1:1/path?secret=x",
			kind:   fault.Unavailable,
			what:   "nothing answers at 127.0.0.1:1",
		},
		{
			name:   "self-signed certificate",
			ctx:    t.Context(),
			client: plain,
			url:    slow.URL,
			kind:   fault.Usage,
			what:   "the certificate of " + host + " is not trusted: it is self-signed",
		},
		{
			name:   "timeout of the client",
			ctx:    t.Context(),
			client: newClient(t, slow, upstream.Config{Timeout: 100 * time.Millisecond}),
			url:    slow.URL,
			kind:   fault.Unavailable,
			what:   host + " did not answer in time",
			next:   fault.DoAllowTime,
		},
		{
			name:   "canceled request",
			ctx:    canceled,
			client: plain,
			url:    slow.URL,
			kind:   fault.Canceled,
			what:   "it was canceled",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.client.Do(req)
			f := fault.As(upstream.Fault(err, "doing"))
			if f.Kind != c.kind || f.What != "doing: "+c.what || f.Fix == "" || f.Next != c.next {
				t.Errorf("got %v %q, fix %q, next %q (%v)", f.Kind, f.What, f.Fix, f.Next, err)
			}
		})
	}
	if f := fault.As(upstream.Fault(os.ErrDeadlineExceeded, "doing")); f.Next != fault.NoAction {
		t.Errorf("timeout of the connection: got next %q", f.Next)
	}
	if f := fault.As(upstream.Fault(errors.New("x"), "doing")); f.Kind != fault.Internal {
		t.Errorf("another error: got %v", f)
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	now := time.Now().UTC()
	for value, want := range map[string]time.Duration{
		"0":     0,
		"7":     7 * time.Second,
		"2.128": 3 * time.Second, // as Graph's documentation once had it
		"-5":    0,
		"1e300": 24 * time.Hour,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
	} {
		got, ok := upstream.RetryAfter(http.Header{"Retry-After": {value}})
		late := want - got // a date loses the part of a second that has passed
		if !ok || late < 0 || late > 2*time.Second || got%time.Second != 0 {
			t.Errorf("%s: got %v, %v, want %v", value, got, ok, want)
		}
	}
	for _, value := range []string{"", "soon", "NaN", "Inf", "1 minute"} {
		if got, ok := upstream.RetryAfter(http.Header{"Retry-After": {value}}); ok {
			t.Errorf("%q: got %v", value, got)
		}
	}
}

func TestUnsentIsOnlyForRequestsThatDidNotLeave(t *testing.T) {
	lost := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler) // closes the connection without a response
	}))
	defer lost.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := strings.Replace(lost.URL, "http://", "https://", 1)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for address, want := range map[string]bool{lost.URL: false, untrusted.URL: true, plain: true, closed.URL: true} {
		client, err := upstream.New(upstream.Config{Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Post(address, "text/plain", strings.NewReader("x"))
		if err == nil {
			_ = res.Body.Close()
			t.Fatalf("%s: got %d", address, res.StatusCode)
		}
		if got := upstream.Unsent(upstream.Fault(err, "cannot send")); got != want {
			t.Errorf("%v: got %v", err, got)
		}
	}
}
