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
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// world is a mid-tier beside its tenant, all in this process.
type world struct {
	tenant    *sandbox.Tenant
	client    *http.Client // by which it is called
	authority authority.Authority
	server    *serve.Server
	handler   http.Handler
	log       *bytes.Buffer
	graph     string // a Graph token, which the mid-tier must refuse
	weak      string // a token for the mid-tier from before the policy
	strong    string // a token for the mid-tier with a second factor
}

// limited is a mid-tier that serves one user so often a minute.
func limited(perMinute int) func(*serve.Config) {
	return func(c *serve.Config) { c.Rate = perMinute }
}

func newWorld(t *testing.T, authContext string, more ...func(*serve.Config)) *world {
	t.Helper()
	tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOf(t, tenant, tenant.Client(), authContext, more...)
}

// newWorldOf makes the mid-tier of a tenant, which it calls with client.
func newWorldOf(t *testing.T, tenant *sandbox.Tenant, client *http.Client, authContext string, more ...func(*serve.Config)) *world {
	t.Helper()
	f := tenant.Facts()
	form, err := authority.Parse(f.Authority)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), client, form)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{tenant: tenant, client: client, authority: a, log: &bytes.Buffer{}}
	log := slog.New(slog.NewJSONHandler(&locked{w: w.log}, nil))
	verifier, err := bearer.New(t.Context(), bearer.Config{
		Authority: a, ClientID: f.MidTierID, Scope: "EditProfileService.ReadWrite", AuthContext: authContext, HTTP: client, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	credential, err := obo.Secret(f.MidTierSecret)
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := obo.New(obo.Config{Authority: a, ClientID: f.MidTierID, Credential: credential, HTTP: client, Scope: "https://graph.microsoft.com/User.ReadWrite"})
	if err != nil {
		t.Fatal(err)
	}
	trace, err := tracing.New(t.Context(), tracing.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := serve.Config{
		Trace: trace, Verifier: verifier, Exchange: exchange, Log: log,
		Graph:  &graph.Client{Base: f.Graph, HTTP: client},
		Issuer: challenge.Issuer{AuthorizationURI: a.AuthorizationEndpoint, ClientID: f.MidTierID},
	}
	for _, change := range more {
		change(&config)
	}
	w.server = serve.New(config)
	w.handler = w.server.Public()
	w.signIn(t)
	return w
}

// admin reads a route of the admin listener.
func (w *world) admin(path string) string {
	res := httptest.NewRecorder()
	w.server.Admin().ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
	return res.Body.String()
}

// inFlight is how many requests are under way.
func (w *world) inFlight() int {
	_, rest, _ := strings.Cut(w.admin("/metrics"), "\nprofilectl_requests_in_flight ")
	text, _, _ := strings.Cut(rest, "\n")
	count, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return count
}

// locked lets the log be read while requests write to it.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// signIn gets the three tokens that callers may come with.
func (w *world) signIn(t *testing.T) {
	t.Helper()
	f := w.tenant.Facts()
	token := func(scope string) string {
		client, err := auth.New(auth.Config{
			Authority: w.authority, ClientID: f.ClientID, Store: tokenstore.Memory(), HTTP: w.client, Log: slog.New(slog.DiscardHandler),
			Open: func(ctx context.Context, p auth.Page) error {
				browser, err := robot.New(robot.Person{Email: f.User, Password: f.Password, Code: func(context.Context) (string, error) {
					return w.tenant.Mail("")[0].Code, nil
				}}, either{w.client})
				if err != nil {
					return err
				}
				go func() { _, _ = browser.Open(ctx, p.URL) }() // a failure shows as a sign-in that times out
				return nil
			},
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
	w.graph, w.strong = token("User.Read"), token(f.EditScope)
	if err := w.tenant.SetPolicy(false); err != nil {
		t.Fatal(err)
	}
	w.weak = token(f.EditScope)
	if err := w.tenant.SetPolicy(true); err != nil {
		t.Fatal(err)
	}
}

// either sends what belongs to the tenant there, and the rest to the network.
type either struct{ client *http.Client }

func (e either) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" && req.URL.Hostname() == "localhost" {
		return http.DefaultTransport.RoundTrip(req)
	}
	return e.client.Transport.RoundTrip(req)
}

func (w *world) post(body, token string, more ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/updateUserInfo", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, change := range more {
		change(req)
	}
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, req)
	return res
}

// upstreamCalls counts what reached the token endpoint and Graph.
func (w *world) upstreamCalls() (calls int) {
	for _, r := range w.tenant.Requests() {
		if r.Part == "graph" || r.Grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			calls++
		}
	}
	return calls
}

// exchanges counts those that the tenant was asked for.
func (w *world) exchanges() (count int) {
	for _, r := range w.tenant.Requests() {
		if r.Grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			count++
		}
	}
	return count
}

// newWorldOverTLS is a mid-tier that calls its tenant over real connections, with
// the client that `profilectl serve` has.
func newWorldOverTLS(t *testing.T, timeout time.Duration, more ...func(*serve.Config)) *world {
	t.Helper()
	certificate, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, certificate.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	var listeners [2]*loopback.Listener
	for i := range listeners {
		if listeners[i], err = loopback.Listen(0); err != nil {
			t.Fatal(err)
		}
	}
	tenant, err := sandbox.New(sandbox.Config{
		QuickPasswords: true, APIAddress: "https://localhost:" + strconv.Itoa(listeners[0].Port()), PagesAddress: "http://localhost:" + strconv.Itoa(listeners[1].Port()),
	})
	if err != nil {
		t.Fatal(err)
	}
	handlers := []http.Handler{tenant.API(), tenant.Pages()}
	for i, l := range []net.Listener{tls.NewListener(listeners[0], &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), listeners[1]} {
		server := &http.Server{Handler: handlers[i], ReadHeaderTimeout: time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	breakers := upstream.NewBreakers(slog.New(slog.DiscardHandler))
	client, err := upstream.New(upstream.Config{CAFile: caFile, Breakers: breakers})
	if err != nil {
		t.Fatal(err)
	}
	// The sign-ins that the test begins with are not what is limited.
	return newWorldOf(t, tenant, client, "", append(more, func(c *serve.Config) { c.Timeout, c.Degraded = timeout, breakers.Open })...)
}
