package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/sandbox"
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
				go browser.Open(ctx, p.URL)
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

const howTo = `{"displayName":"Ada L.","givenName":"Ada","surname":"Lovelace"}`

func TestTheHowTosRequestChangesTheProfile(t *testing.T) {
	w := newWorld(t, "")
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusNoContent || res.Body.Len() != 0 {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	profile := w.tenant.Profile(w.tenant.Facts().User)
	if *profile["displayName"] != "Ada L." || *profile["surname"] != "Lovelace" || *profile["city"] != "Copenhagen" {
		t.Errorf("the profile is %v", profile)
	}
	if res := w.post(`{"city":null}`, w.strong); res.Code != http.StatusNoContent {
		t.Fatalf("clearing a field: got %d %s", res.Code, res.Body)
	}
	if city := w.tenant.Profile(w.tenant.Facts().User)["city"]; city != nil {
		t.Errorf("the city is still %q", *city)
	}
	exchanges := 0
	for _, r := range w.tenant.Requests() {
		if r.Grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			exchanges++
		}
	}
	if exchanges != 1 {
		t.Errorf("two requests with one token made %d exchanges", exchanges)
	}
}

func TestWhatIsRefusedBeforeAnythingUpstreamIsCalled(t *testing.T) {
	w := newWorld(t, "")
	before := w.upstreamCalls()
	for _, c := range []struct {
		name, body, token string
		change            func(*http.Request)
		status            int
		detail            string
	}{
		{"no token", howTo, "", nil, 401, "the request carries no access token"},
		{"a Graph token", howTo, w.graph, nil, 401, "the access token is meant for another API"},
		{"rubbish", howTo, "abc", nil, 401, "the access token is not valid"},
		{"a broken signature", howTo, w.strong[:len(w.strong)-8] + "AAAAAAAA", nil, 401, "the access token is not valid"},
		{"two Authorization headers", howTo, w.strong, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }, 401, "the Authorization header holds no bearer token"},
		{"another scheme", howTo, "", func(r *http.Request) { r.Header.Set("Authorization", "Basic abc") }, 401, "the Authorization header holds no bearer token"},
		{"not JSON", "displayName=Ada", w.strong, nil, 400, "the body is not one JSON object"},
		{"an unknown field", `{"mail":"a@b"}`, w.strong, nil, 400, `"mail" is not a field you may change`},
		{"a broken rule", `{"displayName":null}`, w.strong, nil, 400, "displayName cannot be cleared"},
		{"nothing to change", `{}`, w.strong, nil, 400, "there is nothing to change"},
		{"a form", howTo, w.strong, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "the body is not declared as JSON"},
		{"too much", `{"displayName":"` + strings.Repeat("a", 70_000) + `"}`, w.strong, nil, 413, "the body is larger than 64 KiB"},
		{"GET", "", w.strong, func(r *http.Request) { r.Method = http.MethodGet }, 405, "this route takes POST only"},
		{"another route", "", w.strong, func(r *http.Request) { r.URL.Path = "/other" }, 404, "there is no such route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			res := w.post(c.body, c.token, change)
			var problem struct{ Detail, CorrelationID string }
			if err := json.Unmarshal(res.Body.Bytes(), &problem); err != nil {
				t.Fatalf("%d %q: %v", res.Code, res.Body, err)
			}
			if res.Code != c.status || problem.Detail != c.detail || problem.CorrelationID == "" || res.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %+v, want %d %q", res.Code, problem, c.status, c.detail)
			}
			if (res.Code == 401) != (res.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("status %d with WWW-Authenticate %q", res.Code, res.Header().Get("WWW-Authenticate"))
			}
		})
	}
	if calls := w.upstreamCalls() - before; calls != 0 {
		t.Errorf("%d calls went upstream", calls)
	}
}

func TestAStepUpIsPassedOnInBothDialects(t *testing.T) {
	for _, c := range []struct{ name, context, claims string }{
		{"the identity provider refuses the exchange", "", "capolids"},
		{"the token lacks the authentication context", "c1", `"c1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.context)
			token := w.weak
			res := w.post(howTo, token)
			lines := res.Header().Values("WWW-Authenticate")
			demand := challenge.Parse(res.Header())
			if res.Code != 401 || len(lines) != 2 || demand == nil || !strings.Contains(demand.Claims, c.claims) {
				t.Fatalf("got %d, %q, %+v", res.Code, lines, demand)
			}
			if !strings.Contains(lines[0], `client_id="`+w.tenant.Facts().MidTierID+`"`) || !strings.Contains(lines[1], "insufficient_user_authentication") {
				t.Errorf("got %q", lines)
			}
		})
	}
}

func TestUpstreamFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*world) error
		status  int
		detail  string
	}{
		{"the mid-tier lacks consent for Graph", func(w *world) error { return w.tenant.SetConsent(false) }, 502, "cannot exchange the access token: consent is missing (AADSTS65001)"},
		{"the token endpoint is down", func(w *world) error { w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 503}); return nil }, 503, "cannot exchange the access token: the tenant answered with HTTP status 503"},
		{"the token endpoint answers rubbish", func(w *world) error {
			w.tenant.FailNext(sandbox.Fault{Part: "token", Status: 200, Body: "<html>"})
			return nil
		}, 503, "cannot exchange the access token: the tenant's answer cannot be read"},
		{"Graph is overloaded", func(w *world) error {
			w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 7})
			return nil
		}, 429, "Microsoft Graph is out of order or overloaded (HTTP status 429)"},
		{"Graph breaks the connection", func(w *world) error { w.tenant.FailNext(sandbox.Fault{Part: "graph", Reset: true}); return nil }, 503, "cannot change the profile: graph.microsoft.com broke the connection"},
		{"Graph does not take our token", func(w *world) error { w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 401}); return nil }, 503, "Microsoft Graph does not accept the access token"},
		{"Graph refuses a value", func(w *world) error {
			w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: 400, Body: `{"error":{"code":"Request_BadRequest","message":"Ada is bad"}}`})
			return nil
		}, 422, "Microsoft Graph refused a value (Request_BadRequest)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "")
			if err := c.prepare(w); err != nil {
				t.Fatal(err)
			}
			res := w.post(howTo, w.strong)
			var problem struct{ Detail, Fix string }
			if err := json.Unmarshal(res.Body.Bytes(), &problem); err != nil || res.Code != c.status || problem.Detail != c.detail || problem.Fix == "" {
				t.Errorf("got %d %s (%v), want %d %q", res.Code, res.Body, err, c.status, c.detail)
			}
		})
	}
}

func TestTheLogHoldsNoSecretAndNoName(t *testing.T) {
	w := newWorld(t, "")
	w.post(howTo, w.strong)
	w.post(`{"displayName":"Lovelace\u0007"}`, w.strong)
	w.post(howTo, w.graph)
	text := w.log.String()
	if !strings.Contains(text, `"status":204`) || !strings.Contains(text, "correlationId") || !strings.Contains(text, `"upstream":{"exchange":"`) || !strings.Contains(text, `"graph":"`) {
		t.Errorf("the log lacks the requests: %s", text)
	}
	for _, secret := range []string{w.strong, w.graph, w.tenant.Facts().MidTierSecret, "Lovelace", w.tenant.Facts().User, "eyJ"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %.12s…", secret)
		}
	}
}

func TestReadyAndDrain(t *testing.T) {
	w := newWorld(t, "")
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	public, admin := listen(), listen()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx, public, admin) }()
	res, err := http.Get("http://" + admin.Addr().String() + "/readyz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("readyz: %v, %v", res, err)
	}
	res.Body.Close()
	// A request whose body is still on its way when the end comes.
	body, send := io.Pipe()
	answered := make(chan int, 1)
	req, err := http.NewRequest(http.MethodPost, "http://"+public.Addr().String()+"/updateUserInfo", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.strong)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // sent when the handler reads the body
	under := make(chan struct{})
	req = req.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(under) }}))
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	<-under
	stop()
	if _, err := send.Write([]byte(howTo)); err != nil {
		t.Fatal(err)
	}
	send.Close()
	if status := <-answered; status != http.StatusNoContent {
		t.Errorf("the request under way got %d", status)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestCheckAddress(t *testing.T) {
	for _, c := range []struct {
		address     string
		tls, behind bool
		ok          bool
	}{
		{"localhost:3001", false, false, true}, {"127.0.0.1:0", false, false, true}, {"[::1]:80", false, false, true},
		{"0.0.0.0:80", false, false, false}, {":3001", false, false, false}, {"example.com:80", false, false, false},
		{"0.0.0.0:443", true, false, true}, {":3001", false, true, true}, {"3001", false, false, false},
	} {
		if err := serve.CheckAddress(c.address, c.tls, c.behind); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
