package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

// closing is a body that records whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestClientIsARoundTripper(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for address, status := range map[string]string{
		c.facts.Authority + "/oauth2/v2.0/token": "400 Bad Request",
		c.facts.Graph + "/v1.0/me":               "401 Unauthorized",
		"https://unknown.example/":               "",
	} {
		body := &closing{Reader: strings.NewReader("x")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if res, err := c.tenant.Client().Transport.RoundTrip(req); err == nil {
			got = res.Status
			res.Body.Close()
		}
		if got != status || !body.closed {
			t.Errorf("%s: got %q, want %q; the body is closed: %t", address, got, status, body.closed)
		}
	}
}
