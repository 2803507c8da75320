//go:build unix

package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestProxiesPassWhatServeAnswers sends requests through haproxy and nginx that a proxy is
// known to answer itself or to change: long tokens, large bodies, errors with headers.
func TestProxiesPassWhatServeAnswers(t *testing.T) {
	t.Parallel()
	const perMinute, correlation = 4, "11111111-2222-4333-8444-555555555555"
	f := newFleet(t, "--rate", fmt.Sprint(perMinute), "--behind-proxy", "--allow-origin", "https://app.contoso.com")
	proxies := []*proxy{f.haproxy(), f.configuredNginx()} // each used one request to start
	token := func(length int) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("a", length)) }
	}
	const problem = "Content-Type: application/problem+json"
	const challenge = `Www-Authenticate: Bearer realm=""`
	for _, c := range []struct {
		name    string
		body    string
		change  func(*http.Request)
		status  int
		headers []string // the start of each
	}{
		{
			"no token", "{}", func(r *http.Request) { r.Header.Del("Authorization") },
			http.StatusUnauthorized, []string{problem, challenge},
		},
		{"the longest token", "{}", token(16 << 10), http.StatusUnauthorized, []string{problem, challenge}},
		{"a token that is too long", "{}", token(20 << 10), http.StatusUnauthorized, []string{problem, challenge}},
		{
			"a large body", `{"city":"` + strings.Repeat("a", 512<<10) + `"}`, nil,
			http.StatusRequestEntityTooLarge, []string{problem},
		},
		{
			"another route", "{}", func(r *http.Request) { r.URL.Path = "/metrics" },
			http.StatusNotFound, []string{problem},
		},
		{
			"another method", "", func(r *http.Request) { r.Method = http.MethodGet },
			http.StatusMethodNotAllowed, []string{problem, "Allow: POST"},
		},
		{
			"a preflight request", "", func(r *http.Request) {
				r.Method = http.MethodOptions
				r.Header = http.Header{
					"Origin":                         {"https://app.contoso.com"},
					"Access-Control-Request-Method":  {"POST"},
					"Access-Control-Request-Headers": {"authorization,content-type"},
				}
			},
			http.StatusNoContent, []string{"Access-Control-Allow-Origin: https://app.contoso.com"},
		},
		{
			"a correlation ID and a forged address", "{}", func(r *http.Request) {
				r.Header.Set("client-request-id", correlation)
				r.Header.Set("X-Forwarded-For", "192.0.2.77")
				r.Header.Set("Forwarded", "for=192.0.2.77")
				r.Header.Del("Authorization")
			},
			http.StatusUnauthorized, []string{problem, "Client-Request-Id: " + correlation},
		},
	} {
		for _, p := range proxies {
			p.expect(c.name, c.body, c.change, c.status, c.headers...)
		}
	}
	for _, p := range proxies {
		p.expect("too many requests", "{}", nil, http.StatusTooManyRequests, problem, "Retry-After: ")
	}
	f.arguments = []string{"--rate", "0", "--behind-proxy", "--require-auth-context", "c1"}
	f.restart(0)
	f.restart(1)
	for _, p := range proxies {
		p.expect("a stronger sign-in is needed", `{"displayName":"Ada L."}`, nil,
			http.StatusUnauthorized, problem, `Www-Authenticate: Bearer realm="", authorization_uri="`)
	}
	f.checkLogs(correlation, "192.0.2.77")
}

// expect sends a request through the proxy and checks the response.
func (p *proxy) expect(name, body string, change func(*http.Request), status int, headers ...string) {
	p.f.t.Helper()
	req := p.f.request(p.address, body)
	if change != nil {
		change(req)
	}
	res, err := p.client.Do(req)
	if err != nil {
		p.f.t.Errorf("%s: %s: %v", p.name, name, err)
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		p.f.t.Errorf("%s: %s: got %d, %v: %.200s", p.name, name, res.StatusCode, err, text)
	}
	var got strings.Builder
	if err := res.Header.Write(&got); err != nil {
		p.f.t.Error(err)
	}
	for _, header := range headers {
		if !strings.Contains("\n"+got.String(), "\n"+header) {
			p.f.t.Errorf("%s: %s: no header %q in\n%s", p.name, name, header, got.String())
		}
	}
}

// checkLogs checks that the replicas logged a correlation ID, and no address of a client.
func (f *fleet) checkLogs(correlation, client string) {
	f.t.Helper()
	var logs strings.Builder
	for i := range f.replicas {
		text, err := os.ReadFile(f.logOf(fmt.Sprint("replica", i)))
		if err != nil {
			f.t.Fatal(err)
		}
		logs.Write(text)
	}
	if !strings.Contains(logs.String(), correlation) {
		f.t.Error("no log has the correlation ID")
	}
	if strings.Contains(logs.String(), client) {
		f.t.Error("a log has the address of a client")
	}
}
