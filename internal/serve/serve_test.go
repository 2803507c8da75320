package serve_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

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
	if n := w.exchanges(); n != 1 {
		t.Errorf("two requests with one token made %d exchanges", n)
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
		}, 503, "cannot exchange the access token: the tenant's response cannot be read"},
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
