package sandbox

import (
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/console"
)

// NewPageLink returns a link that opens the developer page once, within an hour. It
// lets a browser manage the whole tenant.
func (t *Tenant) NewPageLink() string { return t.console.NewLink() }

// newConsole returns the developer page, which calls the control API in process.
func newConsole(t *Tenant) *console.Console {
	return console.New(console.Config{
		Control: &control.Client{
			URL:  "http://sandbox/control",
			HTTP: &http.Client{Transport: routesTransport{t.controlRoutes()}},
		},
		Origin: func() string { return t.Facts().Pages },
		Now:    time.Now,
	})
}

// withConsole serves the developer page next to other pages, at the address of the
// pages only. Its requests are not in the audit, and faults do not affect them.
func (t *Tenant) withConsole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, console.Path) && isHostOf(t.Facts().Pages, strings.ToLower(r.Host)) {
			t.console.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// routesTransport is the transport that calls a handler.
type routesTransport struct{ routes http.Handler }

// RoundTrip calls the handler.
func (t routesTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	defer closeBody(req)
	out := &bufferedResponse{header: http.Header{}, status: http.StatusOK}
	t.routes.ServeHTTP(out, req.Clone(req.Context()))
	return out.response(req, &out.body), nil
}
