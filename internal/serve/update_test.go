package serve_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// problem is the problem document of a response.
type problem struct {
	Detail, Fix, CorrelationID, Claims string
	MaxAge                             int
}

func readProblem(t *testing.T, res *httptest.ResponseRecorder) (p problem) {
	t.Helper()
	if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q: %v", res.Code, res.Body, err)
	}
	return p
}

func TestUpdateChangesTheProfile(t *testing.T) {
	w := newWorld(t)
	res := w.post(howTo, w.strong)
	if res.Code != http.StatusNoContent || res.Body.Len() != 0 {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	profile := w.tenant.Profile(w.tenant.Facts().User)
	if *profile["displayName"] != "Ada L." ||
		*profile["surname"] != "Lovelace" ||
		*profile["city"] != "Copenhagen" {
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

func TestUpdateRejectsInvalidRequestsBeforeCallingUpstream(t *testing.T) {
	w := newWorld(t)
	before := w.upstreamCalls()
	with := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	twice := func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }
	forged := w.strong[:len(w.strong)-8] + "AAAAAAAA"
	tooLarge := `{"displayName":"` + strings.Repeat("a", 70_000) + `"}`
	const noBearer = "the Authorization header holds no bearer token"
	for _, c := range []struct {
		name, body, token string
		change            func(*http.Request)
		status            int
		detail            string
	}{
		{"no token", howTo, "", nil, 401, "the request carries no access token"},
		{"a Graph token", howTo, w.graph, nil, 401, "the access token is meant for another API"},
		{"a token that is not a JWT", howTo, "abc", nil, 401, "the access token is not valid"},
		{"a forged signature", howTo, forged, nil, 401, "the access token is not valid"},
		{"two Authorization headers", howTo, w.strong, twice, 401, noBearer},
		{"another scheme", howTo, "", with("Authorization", "Basic abc"), 401, noBearer},
		{"a body that is not JSON", "displayName=Ada", w.strong, nil, 400, "the body is not one JSON object"},
		{"an unknown field", `{"mail":"a@b"}`, w.strong, nil, 400, `"mail" is not a field you may change`},
		{"a broken rule", `{"displayName":null}`, w.strong, nil, 400, "displayName cannot be cleared"},
		{"no fields", `{}`, w.strong, nil, 400, "there is nothing to change"},
		{
			"a form", howTo, w.strong, with("Content-Type", "application/x-www-form-urlencoded"),
			415, "the Content-Type is not application/json",
		},
		{"a body that is too large", tooLarge, w.strong, nil, 413, "the body is larger than 64 KiB"},
		{
			"GET", "", w.strong, func(r *http.Request) { r.Method = http.MethodGet },
			405, "this route accepts only POST",
		},
		{
			"another route", "", w.strong, func(r *http.Request) { r.URL.Path = "/other" },
			404, "there is no such route",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			res := w.post(c.body, c.token, change)
			p := readProblem(t, res)
			if res.Code != c.status || p.Detail != c.detail || p.CorrelationID == "" || p.Fix == "" {
				t.Errorf("got %d %+v, want %d %q", res.Code, p, c.status, c.detail)
			}
			if media := res.Header().Get("Content-Type"); media != "application/problem+json" {
				t.Errorf("got a %s", media)
			}
			if header := res.Header().Get("WWW-Authenticate"); (res.Code == 401) != (header != "") {
				t.Errorf("status %d with WWW-Authenticate %q", res.Code, header)
			}
		})
	}
	if calls := w.upstreamCalls() - before; calls != 0 {
		t.Errorf("%d calls went upstream", calls)
	}
}

func TestUpdateSendsChallengesInBothDialects(t *testing.T) {
	for _, c := range []struct{ name, context, claims string }{
		{"the tenant refuses the exchange", "", "capolids"},
		{"the token lacks the authentication context", "c1", `"c1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(s *serve.Settings) { s.AuthContext = c.context })
			res := w.post(howTo, w.weak)
			lines := res.Header().Values("WWW-Authenticate")
			ch := challenge.Parse(res.Header())
			if res.Code != 401 || len(lines) != 2 || ch == nil || !strings.Contains(ch.Claims, c.claims) {
				t.Fatalf("got %d, %q, %+v", res.Code, lines, ch)
			}
			if !strings.Contains(lines[0], `client_id="`+w.tenant.Facts().MidTierID+`"`) ||
				!strings.Contains(lines[1], "insufficient_user_authentication") {
				t.Errorf("got %q", lines)
			}
			if d := readProblem(t, res); d.Claims != ch.Claims || d.MaxAge != 0 {
				t.Errorf("the document has the claims %q and the age %d", d.Claims, d.MaxAge)
			}
		})
	}
}

func TestUpdateSharesOneExchangeAmongConcurrentRequests(t *testing.T) {
	w := newWorld(t)
	// The exchange is delayed, so that all requests are in flight together.
	w.tenant.FailNext(sandbox.Fault{Part: "token", Delay: 300 * time.Millisecond})
	var all sync.WaitGroup
	codes := make([]int, 20)
	for i := range codes {
		all.Go(func() { codes[i] = w.post(howTo, w.strong).Code })
	}
	all.Wait()
	if slices.ContainsFunc(codes, func(code int) bool { return code != http.StatusNoContent }) {
		t.Errorf("got %v", codes)
	}
	if n := w.exchanges(); n != 1 {
		t.Errorf("%d exchanges", n)
	}
}

func TestUpdateKeepsTheCorrelationIDOfTheCaller(t *testing.T) {
	w := newWorld(t)
	const id = "0d5b2c1e-1111-4222-8333-444455556666"
	for _, c := range []struct {
		name, sent string
		kept       bool
	}{
		{"a GUID", id, true},
		{"a GUID in capitals", strings.ToUpper(id), true},
		{"a GUID in braces", "{" + id + "}", false},
		{"a GUID as a URN", "urn:uuid:" + id, false},
		{"a GUID without dashes", strings.ReplaceAll(id, "-", ""), false},
		{"text", `x" y`, false},
	} {
		res := w.post(howTo, "", func(r *http.Request) { r.Header.Set("client-request-id", c.sent) })
		if got := res.Header().Get("client-request-id"); (got == c.sent) != c.kept || len(got) != len(id) {
			t.Errorf("%s: sent %q, got %q", c.name, c.sent, got)
		}
	}
}

func TestLogHoldsNoSecretsAndNoNames(t *testing.T) {
	w := newWorld(t)
	w.post(howTo, w.strong)
	w.post(`{"displayName":"Lovelace\u0007"}`, w.strong)
	w.post(howTo, w.graph)
	text := w.log.String()
	for _, want := range []string{
		`"status":204`, "correlationId", `"duration_ms":`, `"upstream":{"exchange_ms":`, `"graph_ms":`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s: %s", want, text)
		}
	}
	f := w.tenant.Facts()
	user := objectID(t, w.strong)
	for _, secret := range []string{w.strong, w.graph, f.MidTierSecret, "Lovelace", f.User, user, "eyJ"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %.12s…", secret)
		}
	}
}
