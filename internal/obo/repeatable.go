package obo

import (
	"net/http"

	"github.com/profilectl/profilectl/internal/upstream"
)

// repeatable marks MSAL's requests as requests that do no harm if they arrive twice, so
// that package upstream sends them again if the tenant is overloaded or the connection
// breaks.
type repeatable struct{ next http.RoundTripper }

// RoundTrip sends the request.
func (r repeatable) RoundTrip(req *http.Request) (*http.Response, error) {
	return r.next.RoundTrip(req.WithContext(upstream.Idempotent(req.Context())))
}
