package interop

import (
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// TestOAuth2ProxySignsIn runs oauth2-proxy in the version that interop/oauth2proxy pins: a
// sign-in, the headers for the upstream, a refresh, and the sign-out at the tenant.
// OAUTH2_PROXY is the path of the program.
func TestOAuth2ProxySignsIn(t *testing.T) {
	tenantID := env(t, "SANDBOX_TENANT_ID")
	tests := []struct{ name, provider, authority string }{
		{"oidc at the sandbox's own address", "oidc", env(t, "SANDBOX_AUTHORITY")},
		// The issuer of an external tenant: oauth2-proxy#3476.
		{"entra-id at the real names", "entra-id", "https://" + tenantID + ".ciamlogin.com/" + tenantID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := startOAuth2Proxy(t, test.provider, test.authority)
			first := p.load(t)
			if got := first.Get("X-Forwarded-Email"); got != env(t, "SANDBOX_USER") {
				t.Errorf("the upstream got %v", first)
			}
			p.waitForRefresh(t, first)
			p.signOut(t, test.authority)
			forms := len(p.browser.Forms)
			p.load(t)
			if !slices.Contains(p.browser.Forms[forms:], "sign-in") {
				t.Errorf("after the sign-out, the browser submitted only %v", p.browser.Forms[forms:])
			}
		})
	}
}

// oauth2Proxy is a running oauth2-proxy with a browser.
type oauth2Proxy struct {
	site     string           // its address
	upstream chan http.Header // of the latest request that it forwarded
	browser  *robot.Browser
	hosts    hostMap
}

// load opens a page behind the proxy and returns the headers that the upstream got.
func (p *oauth2Proxy) load(t *testing.T) http.Header {
	t.Helper()
	page, err := p.browser.Open(t.Context(), p.site+"/page")
	if err != nil {
		t.Fatalf("%v", err)
	}
	select {
	case header := <-p.upstream:
		return header
	default:
		t.Fatalf("the browser shows %q at %s", page.Text, page.URL)
		return nil
	}
}

// waitForRefresh loads the page until the upstream gets other tokens. oauth2-proxy
// refreshes a session after a whole second at the earliest.
func (p *oauth2Proxy) waitForRefresh(t *testing.T, first http.Header) {
	t.Helper()
	const accessToken, idToken = "X-Forwarded-Access-Token", "Authorization"
	if first.Get(accessToken) == "" || first.Get(idToken) == "" {
		t.Fatalf("the upstream got no tokens: %v", first)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		header := p.load(t)
		if header.Get(accessToken) != first.Get(accessToken) {
			if header.Get(idToken) == first.Get(idToken) {
				t.Error("the refresh returned no ID token")
			}
			return
		}
	}
	t.Fatal("the session was not refreshed")
}

// signOut signs out at the proxy and at the tenant.
func (p *oauth2Proxy) signOut(t *testing.T, authority string) {
	t.Helper()
	client := http.Client{Transport: p.hosts.transport}
	res, err := client.Get(authority + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := json.NewDecoder(res.Body).Decode(&metadata); err != nil {
		t.Fatal(err)
	}
	address := p.site + "/oauth2/sign_out?" + url.Values{"rd": {metadata.EndSession}}.Encode()
	page, err := p.browser.Open(t.Context(), address)
	if err != nil || !strings.HasPrefix(page.URL, metadata.EndSession) {
		t.Fatalf("%v; the browser shows %q at %s", err, page.Text, page.URL)
	}
}

// startOAuth2Proxy registers oauth2-proxy as a web app and starts it.
func startOAuth2Proxy(t *testing.T, provider, authority string) *oauth2Proxy {
	t.Helper()
	p := &oauth2Proxy{upstream: make(chan http.Header, 1), hosts: newHostMap(t)}
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p.upstream <- r.Header
	}))
	t.Cleanup(upstream.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p.site = "http://localhost:" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	tenant := control.Client{URL: env(t, "SANDBOX_CONTROL"), Key: env(t, "SANDBOX_CONTROL_KEY"), HTTP: newHTTPClient(t)}
	app, err := tenant.AddApp(t.Context(), control.App{
		Name:         "oauth2-proxy",
		RedirectURIs: []string{p.site + "/oauth2/callback"},
	})
	if err != nil {
		t.Fatal(err)
	}
	runOAuth2Proxy(t, listener.(*net.TCPListener),
		[]string{
			"OAUTH2_PROXY_CLIENT_SECRET=" + app.Secret,
			"OAUTH2_PROXY_COOKIE_SECRET=" + rand.Text()[:24],
			"HTTPS_PROXY=" + p.hosts.address,
		},
		"--provider="+provider,
		"--oidc-issuer-url="+authority+"/v2.0",
		"--provider-ca-file="+env(t, "SANDBOX_CA_FILE"),
		"--client-id="+app.ID,
		"--scope=openid profile email offline_access",
		"--code-challenge-method=S256",
		"--redirect-url="+p.site+"/oauth2/callback",
		"--upstream="+upstream.URL,
		"--email-domain=*",
		"--whitelist-domain=localhost:*",
		"--whitelist-domain=.ciamlogin.com",
		"--skip-provider-button",
		"--pass-access-token",
		"--pass-authorization-header",
		"--cookie-secure=false",
		"--cookie-refresh=1ns",
	)
	p.browser, err = robot.New(robot.User{
		Email:    env(t, "SANDBOX_USER"),
		Password: env(t, "SANDBOX_PASSWORD"),
	}, p.hosts.transport)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// runOAuth2Proxy runs the program with a listener, as systemd does, so that connections
// wait until it has started. If the test fails, it prints the log.
func runOAuth2Proxy(t *testing.T, listener *net.TCPListener, environment []string, flags ...string) {
	t.Helper()
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const script = `LISTEN_PID=$$ exec "$OAUTH2_PROXY" --http-address=fd:3 "$@"`
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-ec", script, "sh"}, flags...)...)
	c.Env = append(os.Environ(), "OAUTH2_PROXY="+env(t, "OAUTH2_PROXY"), "LISTEN_FDS=1")
	c.Env = append(c.Env, environment...)
	c.ExtraFiles = []*os.File{file}
	var log strings.Builder
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Wait() // the context of the test has ended
		if t.Failed() {
			t.Log(log.String())
		}
	})
}
