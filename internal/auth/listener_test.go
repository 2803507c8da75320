package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// state is what a local attacker may have seen in the browser's command line.
func state(t *testing.T, page string) string {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

// TestStrangersCannotEndASignIn sends what other programs and web pages of the
// machine can send, before the person's own answer.
func TestStrangersCannotEndASignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		method string
		path   string
		form   url.Values
		header map[string]string
		status int
	}{
		{"a favicon", "GET", "/favicon.ico", nil, nil, 404},
		{"a prefetch", "GET", "/", nil, nil, 405},
		{"a code in the query", "GET", "/?code=x&state={state}", nil, nil, 405},
		{"an error without state", "POST", "/", url.Values{"error": {"access_denied"}}, nil, 403},
		{"a wrong state", "POST", "/", url.Values{"code": {"x"}, "state": {"wrong"}}, nil, 403},
		{"a fetch from a page", "POST", "/", url.Values{"error": {"x"}, "state": {"{state}"}}, map[string]string{"Sec-Fetch-Mode": "no-cors"}, 403},
		{"an iframe", "POST", "/", url.Values{"error": {"x"}, "state": {"{state}"}}, map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		{"a rebound name", "POST", "/", url.Values{"error": {"x"}, "state": {"{state}"}}, map[string]string{"Host": "evil.example"}, 421},
		{"JSON", "POST", "/", url.Values{"error": {"x"}, "state": {"{state}"}}, map[string]string{"Content-Type": "application/json"}, 415},
		{"another path", "POST", "/x", url.Values{"error": {"x"}, "state": {"{state}"}}, nil, 404},
		{"a parameter twice", "POST", "/", url.Values{"code": {"x", "y"}, "state": {"{state}"}}, nil, 400},
		{"neither a code nor an error", "POST", "/", url.Values{"state": {"{state}"}}, nil, 400},
		{"both", "POST", "/", url.Values{"code": {"x"}, "error": {"x"}, "state": {"{state}"}}, nil, 400},
		{"too much", "POST", "/", url.Values{"code": {strings.Repeat("x", 70_000)}, "state": {"{state}"}}, nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			person := w.open(t)
			w.rewire(t, 0, 5*time.Minute, func(ctx context.Context, p auth.Page) error {
				for _, host := range []string{"127.0.0.1", "[::1]"} {
					if got := w.send(t, host, p, c.method, c.path, c.form, c.header); got != c.status {
						t.Errorf("%s: got %d, want %d", host, got, c.status)
					}
				}
				return person(ctx, p)
			})
			if _, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}}); err != nil {
				t.Errorf("the sign-in ended: %v", err)
			}
		})
	}
}

// rewire makes the client anew, with another person at the browser.
func (w *world) rewire(t *testing.T, port int, wait time.Duration, open func(context.Context, auth.Page) error) {
	t.Helper()
	form, err := authority.Parse("contoso")
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Discover(t.Context(), w.tenant.Client(), form)
	if err != nil {
		t.Fatal(err)
	}
	w.client, err = auth.New(auth.Config{
		Authority: a, ClientID: w.tenant.Facts().ClientID, Store: tokenstore.Memory(), HTTP: w.http, Open: open,
		RedirectPort: port, Wait: wait, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// send sends one request to the redirect URI and returns the status.
func (w *world) send(t *testing.T, host string, p auth.Page, method, path string, form url.Values, header map[string]string) int {
	t.Helper()
	known := state(t, p.URL)
	values := url.Values{}
	for name, all := range form {
		for _, v := range all {
			values.Add(name, strings.ReplaceAll(v, "{state}", known))
		}
	}
	address := "http://" + host + ":" + strconv.Itoa(p.Port) + strings.ReplaceAll(path, "{state}", known)
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value + ":" + strconv.Itoa(p.Port)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Header.Get("Access-Control-Allow-Origin") != "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", res.Header)
	}
	return res.StatusCode
}

func TestABusyRedirectPortIsSaid(t *testing.T) {
	for _, family := range []string{"127.0.0.1:0", "[::1]:0"} {
		squatter, err := net.Listen("tcp", family)
		if err != nil {
			t.Fatal(err)
		}
		port := squatter.Addr().(*net.TCPAddr).Port
		w := newWorld(t, sandbox.Config{})
		w.rewire(t, port, 0, func(context.Context, auth.Page) error { return errors.New("the browser was opened") })
		_, err = w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}})
		want := "port " + strconv.Itoa(port) + " on this machine is taken, so the browser could not come back to profilectl"
		if f := fault.As(err); f.Kind != fault.Unavailable || f.What != want || f.Fix == "" {
			t.Errorf("%s: got %v", family, err)
		}
		squatter.Close()
	}
}

// gate lets the token request wait until the tab is closed.
type gate struct {
	next   http.RoundTripper
	begun  chan struct{} // closed when the code is being redeemed
	closed chan struct{} // closed with the tab
}

func (g gate) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/token") {
		close(g.begun)
		<-g.closed
	}
	return g.next.RoundTrip(req)
}

func TestATabThatIsClosedWhileTheCodeIsRedeemedCostsNothing(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	g := gate{next: w.tenant.Client().Transport, begun: make(chan struct{}), closed: make(chan struct{})}
	w.http = &http.Client{Transport: g}
	w.rewire(t, 0, time.Minute, func(ctx context.Context, p auth.Page) error {
		browser, err := robot.New(w.person, either{w.tenant})
		if err != nil {
			return err
		}
		tab, closeTab := context.WithCancel(ctx)
		go func() {
			<-g.begun
			closeTab()
		}()
		go func() {
			defer close(g.closed)
			if _, err := browser.Open(tab, p.URL); !errors.Is(err, context.Canceled) {
				t.Errorf("the tab ended with %v", err)
			}
		}()
		return nil
	})
	if _, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}}); err != nil {
		t.Error(err)
	}
}

func TestWaitingEnds(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.rewire(t, 0, time.Millisecond, func(context.Context, auth.Page) error { return nil })
	_, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}})
	if f := fault.As(err); f.Kind != fault.SignIn || f.What != "no answer came from the browser within 1ms" {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.rewire(t, 0, time.Hour, func(context.Context, auth.Page) error { stop(); return nil })
	_, err = w.client.Interactive(ctx, auth.Request{Scopes: []string{"User.Read"}})
	if f := fault.As(err); f.Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestIdleConnectionsOfABrowserCostNoTime opens what browsers open in advance.
func TestIdleConnectionsOfABrowserCostNoTime(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	person := w.open(t)
	w.rewire(t, 0, time.Hour, func(ctx context.Context, p auth.Page) error {
		for range 6 {
			idle, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(p.Port))
			if err != nil {
				return err
			}
			t.Cleanup(func() { idle.Close() })
		}
		return person(ctx, p)
	})
	start := time.Now()
	if _, err := w.client.Interactive(t.Context(), auth.Request{Scopes: []string{"User.Read"}}); err != nil {
		t.Fatal(err)
	}
	// A server that waited for them would wait for its header limit, 5 s.
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}
