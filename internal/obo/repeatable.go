package obo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/profilectl/profilectl/internal/upstream"
)

// rewindable makes MSAL's requests repeatable, so that package upstream can retry
// them if the tenant is overloaded or the connection breaks. An exchange that
// arrives twice does no harm, but MSAL creates requests whose body can be read
// only once.
type rewindable struct{ next http.RoundTripper }

// RoundTrip sends the request with a body that can be read again.
func (r rewindable) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.ContentLength <= 0 { // MSAL always sets the length
		return r.next.RoundTrip(req)
	}
	body := make([]byte, req.ContentLength)
	_, err := io.ReadFull(req.Body, body)
	_ = req.Body.Close() // reading has succeeded or failed already
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
