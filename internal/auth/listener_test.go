package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// stray is a request to the redirect URI that does not come from the tenant.
// {state} stands for the state of the sign-in, which a local attacker may have seen
// in the browser's command line.
type stray struct {
	method string
	path   string
	form   url.Values
	header map[string]string
}

// send sends the request and returns the status and the body of the response.
func (s stray) send(t *testing.T, host string, p auth.Page) (status int, body string) {
	t.Helper()
	page, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	state := page.Query().Get("state")
	values := url.Values{}
	for name, all := range s.form {
		for _, v := range all {
			values.Add(name, strings.ReplaceAll(v, "{state}", state))
		}
	}
	address := "http://" + host + ":" + strconv.Itoa(p.Port) + strings.ReplaceAll(s.path, "{state}", state)
	req, err := http.NewRequestWithContext(t.Context(), s.method, address, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range s.header {
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value + ":" + strconv.Itoa(p.Port)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("Access-Control-Allow-Origin") != "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", res.Header)
	}
	return res.StatusCode, string(raw)
}

// TestListenerIgnoresStrangers sends what other processes and web pages can send,
// before the user's own response arrives.
func TestListenerIgnoresStrangers(t *testing.T) {
	const state = "{state}"
	large := strings.Repeat("x", 70_000)
	failure := url.Values{"error": {"x"}, "state": {state}}
	type header = map[string]string
	for _, c := range []struct {
		name   string
		stray  stray
		status int
	}{
		{"favicon", stray{method: "GET", path: "/favicon.ico"}, 404},
		{"prefetch", stray{method: "GET", path: "/"}, 405},
		{"code in the query", stray{method: "GET", path: "/?code=x&state={state}"}, 405},
		{"error without state", stray{method: "POST", path: "/", form: url.Values{"error": {"access_denied"}}}, 403},
		{"wrong state", stray{method: "POST", path: "/", form: url.Values{"code": {"x"}, "state": {"wrong"}}}, 403},
		{"fetch by a web page", stray{"POST", "/", failure, header{"Sec-Fetch-Mode": "no-cors"}}, 403},
		{
			"iframe",
			stray{"POST", "/", failure, header{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}}, 403,
		},
		{"DNS rebinding", stray{"POST", "/", failure, header{"Host": "evil.example"}}, 421},
		{"JSON", stray{"POST", "/", failure, header{"Content-Type": "application/json"}}, 415},
		{"another path", stray{method: "POST", path: "/x", form: failure}, 404},
		{
			"repeated parameter",
			stray{method: "POST", path: "/", form: url.Values{"code": {"x", "y"}, "state": {state}}}, 400,
		},
		{"neither code nor error", stray{method: "POST", path: "/", form: url.Values{"state": {state}}}, 400},
		{
			"both code and error",
			stray{method: "POST", path: "/", form: url.Values{"code": {"x"}, "error": {"x"}, "state": {state}}}, 400,
		},
		{
			"form that is too large",
			stray{method: "POST", path: "/", form: url.Values{"code": {large}, "state": {state}}}, 400,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			open := w.open(t)
			w.configure(t, func(config *auth.Config) {
				config.Open = func(ctx context.Context, p auth.Page) error {
					for _, host := range []string{"127.0.0.1", "[::1]"} {
						if got, _ := c.stray.send(t, host, p); got != c.status {
							t.Errorf("%s: got %d, want %d", host, got, c.status)
						}
					}
					return open(ctx, p)
				}
			})
			if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
				t.Errorf("the sign-in ended: %v", err)
			}
		})
	}
}

func TestListenerReportsABusyPort(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		other, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		port := other.Addr().(*net.TCPAddr).Port
		w := newWorld(t, sandbox.Config{})
		w.configure(t, func(c *auth.Config) {
			c.RedirectPort = port
			c.Open = func(context.Context, auth.Page) error { return errors.New("the browser was opened") }
		})
		_, err = w.client.Interactive(t.Context(), readScope())
		want := fmt.Sprintf("port %d is in use, so the browser could not return to profilectl", port)
		if f := fault.As(err); f.Kind != fault.Unavailable || f.What != want || f.Fix == "" {
			t.Errorf("%s: got %v", address, err)
		}
		other.Close()
	}
}

// gate delays the token request until the tab is closed.
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

func TestInteractiveSucceedsAfterTheTabIsClosed(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	g := gate{next: w.tenant.Client().Transport, begun: make(chan struct{}), closed: make(chan struct{})}
	w.http = &http.Client{Transport: g}
	w.configure(t, func(c *auth.Config) {
		c.Open = func(ctx context.Context, p auth.Page) error {
			browser, err := robot.New(w.user, splitTransport{w.tenant})
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
		}
	})
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Error(err)
	}
}

func TestInteractiveEndsAfterTheWaitAndWithItsContext(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.configure(t, func(c *auth.Config) {
		c.Wait = time.Millisecond
		c.Open = func(context.Context, auth.Page) error { return nil }
	})
	_, err := w.client.Interactive(t.Context(), readScope())
	const late = "the sign-in was not finished in the browser within 1ms"
	if f := fault.As(err); f.Kind != fault.SignIn || f.What != late {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.configure(t, func(c *auth.Config) {
		c.Wait = time.Hour
		c.Open = func(context.Context, auth.Page) error { cancel(); return nil }
	})
	_, err = w.client.Interactive(ctx, readScope())
	if f := fault.As(err); f.Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestListenerDoesNotWaitForIdleConnections opens connections in advance, as
// browsers do.
func TestListenerDoesNotWaitForIdleConnections(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	open := w.open(t)
	w.configure(t, func(c *auth.Config) {
		c.Open = func(ctx context.Context, p auth.Page) error {
			for range 6 {
				idle, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(p.Port))
				if err != nil {
					return err
				}
				t.Cleanup(func() { idle.Close() })
			}
			return open(ctx, p)
		}
	})
	start := time.Now()
	if _, err := w.client.Interactive(t.Context(), readScope()); err != nil {
		t.Fatal(err)
	}
	// A server that waited for them would wait for its header limit, 5 s.
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}

// inBackground sends requests to the redirect URI while the sign-in waits for its response.
// The function that it returns waits for them.
func inBackground(t *testing.T, w *world, send func(auth.Page)) (wait func()) {
	t.Helper()
	var sending sync.WaitGroup
	w.configure(t, func(c *auth.Config) {
		c.Open = func(_ context.Context, p auth.Page) error {
			sending.Go(func() { send(p) })
			return nil
		}
	})
	return sending.Wait
}

func TestInteractiveRejectsTheResponseOfAnotherIssuer(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	form := url.Values{"code": {"x"}, "state": {"{state}"}, "iss": {"https://other.example"}}
	wait := inBackground(t, w, func(p auth.Page) {
		stray{method: "POST", path: "/", form: form}.send(t, "localhost", p)
	})
	_, err := w.client.Interactive(t.Context(), readScope())
	wait()
	const want = "the browser returned the response of a different identity provider"
	if f := fault.As(err); f.Kind != fault.Denied || f.What != want {
		t.Errorf("got %v", err)
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestListenerAcceptsOneResponse sends a second response with the right state while the
// first one is redeemed.
func TestListenerAcceptsOneResponse(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	redeeming, proceed := make(chan struct{}), make(chan struct{})
	tenant := w.http.Transport
	w.http = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			close(redeeming)
			<-proceed
		}
		return tenant.RoundTrip(r)
	})}
	response := stray{method: "POST", path: "/", form: url.Values{"code": {"x"}, "state": {"{state}"}}}
	wait := inBackground(t, w, func(p auth.Page) {
		first := make(chan int, 1)
		go func() {
			status, _ := response.send(t, "localhost", p)
			first <- status
		}()
		<-redeeming
		second, body := response.send(t, "localhost", p)
		close(proceed)
		if status := <-first; status != http.StatusOK || second != http.StatusConflict {
			t.Errorf("the first response got %d, the second %d", status, second)
		}
		if !strings.Contains(body, "<h1>Return to the terminal</h1>") {
			t.Errorf("the second response got the page %s", body)
		}
	})
	if _, err := w.client.Interactive(t.Context(), readScope()); err == nil {
		t.Error("the code x was redeemed")
	}
	wait()
}
