package interop

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/sandbox/robot"
)

// redirectCapture is a browser's transport. It keeps what is sent to the redirect
// URI instead of sending it, and forwards all other requests.
type redirectCapture struct {
	redirect string
	next     http.RoundTripper
	mu       sync.Mutex
	captured url.Values
}

// RoundTrip captures the query and the form of a request to the redirect URI.
func (c *redirectCapture) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(req.URL.String(), c.redirect) {
		return c.next.RoundTrip(req)
	}
	values := req.URL.Query()
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return nil, err
		}
		for name := range form {
			values.Set(name, form.Get(name))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.captured = values
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// browse signs the sandbox's user in and returns what was sent to the redirect URI.
func browse(t *testing.T, address, redirect string) url.Values {
	t.Helper()
	direct := newHTTPClient(t).Transport
	transport := &redirectCapture{redirect: redirect, next: direct}
	browser, err := robot.New(robot.User{
		Email:    env(t, "SANDBOX_USER"),
		Password: env(t, "SANDBOX_PASSWORD"),
		Code:     robot.Mailbox(env(t, "SANDBOX_MAILBOX"), direct),
	}, transport)
	if err != nil {
		t.Fatal(err)
	}
	page, err := browser.Open(t.Context(), address)
	if err != nil || transport.captured == nil {
		t.Fatalf("%v; the browser shows: %s", err, page.Text)
	}
	return transport.captured
}
