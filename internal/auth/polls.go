package auth

import (
	"bytes"
	"io"
	"net/http"
)

// polls keeps the body of the last response while a client polls for tokens. MSAL Go
// reads the body of an error to decide whether to poll again, so that the error that
// it returns has none.
type polls struct {
	next http.RoundTripper
	last []byte
}

// RoundTrip sends the request and keeps the body of an unsuccessful response.
func (p *polls) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.next.RoundTrip(req)
	if err != nil || res.StatusCode == http.StatusOK {
		return res, err
	}
	p.last, err = io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(p.last))
	return res, nil
}

// maxErrorBody limits the size in bytes of the body of an error.
const maxErrorBody = 64 << 10
