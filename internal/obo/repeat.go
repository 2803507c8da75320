package obo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/profilectl/profilectl/internal/upstream"
)

// repeating lets MSAL's requests be sent again where the tenant is overloaded or
// the connection broke. An exchange may arrive twice without harm, but MSAL makes
// requests whose body can be read only once.
type repeating struct{ next http.RoundTripper }

// RoundTrip sends the request with a body that can be read again.
func (r repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.ContentLength <= 0 { // MSAL always tells the length
		return r.next.RoundTrip(req)
	}
	body := make([]byte, req.ContentLength)
	_, err := io.ReadFull(req.Body, body)
	_ = req.Body.Close() // nothing is written to it
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	req = req.WithContext(upstream.Idempotent(req.Context()))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, err = req.GetBody()
	if err != nil {
		return nil, err
	}
	return r.next.RoundTrip(req)
}
