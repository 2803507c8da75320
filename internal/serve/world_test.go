package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/loopback"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// howTo is the body of the request in Microsoft's how-to.
const howTo = `{"displayName":"Ada L.","givenName":"Ada","surname":"Lovelace"}`

// world is a mid-tier and its tenant in this process.
type world struct {
	tenant  *sandbox.Tenant
	client  *http.Client // reaches the tenant
	server  *serve.Server
	handler http.Handler // the public routes
	log     *logBuffer
	graph   string // an access token for Graph, which the mid-tier must reject
	weak    string // an access token for the mid-tier without a second factor
	strong  string // an access token for the mid-tier with a second factor
}

// newWorld returns a mid-tier that calls its tenant without a network.
func newWorld(t *testing.T, changes ...func(*serve.Settings)) *world {
	t.Helper()
	return newWorldWith(t, func(_ *sandbox.Tenant, s *serve.Settings) {
		for _, change := range changes {
			change(s)
		}
	})
}

// newWorldWith is newWorld with a tenant that prepare changes before the mid-tier starts.
func newWorldWith(t *testing.T, prepare func(*sandbox.Tenant, *serve.Settings)) *world {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{tenant: tenant, client: tenant.Client(), log: &logBuffer{}}
	w.open(t, w.log, func(s *serve.Settings) {
		s.HTTP = w.client
		prepare(tenant, s)
	})
	return w
}

// newWorldOverTLS returns a mid-tier that calls its tenant over real connections,
// with the same client as `profilectl serve`.
func newWorldOverTLS(t *testing.T, changes ...func(*serve.Settings)) *world {
	t.Helper()
	tenant, caFile := serveTenant(t)
	client, err := upstream.New(upstream.Config{CAFile: caFile})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{tenant: tenant, client: client, log: &logBuffer{}}
	overTLS := func(s *serve.Settings) { s.CAFile = caFile }
	w.open(t, w.log, append([]func(*serve.Settings){overTLS}, changes...)...)
	return w
}

// serveTenant serves a tenant on loopback and returns the file of its CA.
func serveTenant(t *testing.T) (tenant *sandbox.Tenant, caFile string) {
	t.Helper()
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, certificate.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	var listeners [2]*loopback.Listener
	for i := range listeners {
		if listeners[i], err = loopback.Listen(0); err != nil {
			t.Fatal(err)
		}
	}
	tenant, err = sandbox.New(sandbox.Config{
		QuickPasswords: true,
		APIAddress:     "https://localhost:" + strconv.Itoa(listeners[0].Port()),
		PagesAddress:   "http://localhost:" + strconv.Itoa(listeners[1].Port()),
	})
	if err != nil {
		t.Fatal(err)
	}
	start := func(l net.Listener, h http.Handler) {
		server := &http.Server{
			Handler:           h,
			ReadHeaderTimeout: time.Second,
			ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, 0),
		}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	start(tls.NewListener(listeners[0], &tls.Config{
		Certificates: []tls.Certificate{certificate.TLS},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}), tenant.API())
	start(listeners[1], tenant.Pages())
	return tenant, caFile
}

// open opens the mid-tier of the tenant and acquires the tokens.
func (w *world) open(t *testing.T, log io.Writer, changes ...func(*serve.Settings)) {
	t.Helper()
	f := w.tenant.Facts()
	settings := serve.Settings{
		Authority:  f.Authority,
		ClientID:   f.MidTierID,
		Credential: serve.CredentialSettings{Secret: f.MidTierSecret},
		Graph:      f.Graph,
	}
	for _, change := range changes {
		change(&settings)
	}
	var err error
	w.server, err = serve.Open(t.Context(), settings, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := w.server
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.handler = w.server.Public()
	w.signIn(t)
}

// signIn acquires the three tokens.
func (w *world) signIn(t *testing.T) {
	t.Helper()
	f := w.tenant.Facts()
	w.graph, w.strong = w.token(t, "User.Read"), w.token(t, f.EditScope)
	if err := w.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	w.weak = w.token(t, f.EditScope)
	if err := w.tenant.SetPolicy(true); err != nil {
		t.Fatal(err)
	}
	guardsGraph := control.Policy{Name: "MFA for Graph", On: true, APIs: []string{"https://graph.microsoft.com"}}
	if _, err := w.tenant.AddPolicy(guardsGraph); err != nil {
		t.Fatal(err)
	}
}

// token signs in and returns an access token with a scope.
func (w *world) token(t *testing.T, scope string) string {
	t.Helper()
	f := w.tenant.Facts()
	form, err := authority.Parse(f.Authority)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), w.client, form)
	if err != nil {
		t.Fatal(err)
	}
	client, err := auth.New(auth.Config{
		Authority: a,
		ClientID:  f.ClientID,
		Store:     tokenstore.Memory(),
		HTTP:      w.client,
		Log:       slog.New(slog.DiscardHandler),
		Open:      w.openPage,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Interactive(t.Context(), auth.Request{Scopes: []string{scope}})
	if err != nil {
		t.Fatal(err)
	}
	return got.Access
}

// openPage lets a robot fill in the sign-in pages.
func (w *world) openPage(ctx context.Context, p auth.Page) error {
	f := w.tenant.Facts()
	browser, err := robot.New(robot.User{
		Email:    f.User,
		Password: f.Password,
		Code:     func(context.Context) (string, error) { return w.tenant.Mail("")[0].Code, nil },
	}, loopbackOr{w.client})
	if err != nil {
		return err
	}
	go func() { _, _ = browser.Open(ctx, p.URL) }() // a failure shows as a sign-in that times out
	return nil
}

// loopbackOr sends requests for plain HTTP on localhost to the network, and all
// others through the client.
type loopbackOr struct{ client *http.Client }

func (l loopbackOr) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" && req.URL.Hostname() == "localhost" {
		return http.DefaultTransport.RoundTrip(req)
	}
	return l.client.Transport.RoundTrip(req)
}

// post sends a request to the mid-tier.
func (w *world) post(body, token string, changes ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/updateUserInfo", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, change := range changes {
		change(req)
	}
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, req)
	return res
}

// get returns the response of a public route.
func (w *world) get(path string) *httptest.ResponseRecorder {
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res
}

// admin returns the body of an admin route.
func (w *world) admin(path string) string {
	res := httptest.NewRecorder()
	w.server.Admin().ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res.Body.String()
}

// inFlight returns the number of requests in flight.
func (w *world) inFlight() int {
	_, rest, _ := strings.Cut(w.admin("/metrics"), "\nprofilectl_requests_in_flight ")
	text, _, _ := strings.Cut(rest, "\n")
	count, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return count
}

// await waits until done returns true, and fails the test after half a minute.
func (w *world) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen; %d in flight\n%s", what, w.inFlight(), w.log)
		}
	}
}

const onBehalfOf = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// upstreamCalls returns the number of exchanges and calls to Graph.
func (w *world) upstreamCalls() (calls int) {
	for _, r := range w.tenant.Requests() {
		if r.Part == "graph" || r.Grant == onBehalfOf {
			calls++
		}
	}
	return calls
}

// exchanges returns the number of exchanges that reached the tenant.
func (w *world) exchanges() (count int) {
	for _, r := range w.tenant.Requests() {
		if r.Grant == onBehalfOf {
			count++
		}
	}
	return count
}

// logBuffer is a log that can be read while requests write to it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
