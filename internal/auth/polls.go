package auth

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
)

// polls sends the requests of a sign-in with a code. MSAL Go polls for tokens until the
// user has entered the code, and gives up after any other response than that the code is
// pending. polls lets it continue after a short failure of the network or the tenant: the
// user, who may have entered the code already, would have to start again (RFC 8628, 3.5).
//
// It also keeps the body of the last unsuccessful response, because MSAL Go reads it to
// decide whether to poll again, so that the error that it returns has none.
type polls struct {
	next   http.RoundTripper
	last   []byte
	failed int // polls in a row that failed
}

const (
	// maxFailed is the number of polls in a row that may fail. MSAL Go polls every five
	// seconds, except at the start.
	maxFailed = 5
	// maxErrorBody limits the size in bytes of the body of an error.
	maxErrorBody = 64 << 10
)

// RoundTrip sends the request.
func (p *polls) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.next.RoundTrip(req)
	if strings.HasSuffix(req.URL.Path, "/token") && isTransient(req, res, err) {
		if p.failed++; p.failed <= maxFailed {
			if res != nil {
				_ = res.Body.Close() // it is not used
			}
			return pending(req), nil
		}
	} else {
		p.failed = 0
	}
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

// isTransient reports whether a request failed in a way that may pass within seconds.
func isTransient(req *http.Request, res *http.Response, err error) bool {
	if err != nil {
		return req.Context().Err() == nil && fault.As(aadsts.FromMSAL(err, "poll")).Kind == fault.Unavailable
	}
	return res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError
}

// pending returns the response of a tenant whose user has not entered the code yet.
func pending(req *http.Request) *http.Response {
	const body = `{"error":"authorization_pending"}`
	return &http.Response{
		StatusCode:    http.StatusBadRequest,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}
