package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Client returns an HTTP client that reaches the tenant without sockets, under
// every name that it has: the host names of the real service, and the configured
// addresses. Requests to any other host fail. The client works inside a
// testing/synctest bubble.
func (t *Tenant) Client() *http.Client { return &http.Client{Transport: inProcess{t}} }

// inProcess is the transport that calls a tenant's handlers.
type inProcess struct{ tenant *Tenant }

// RoundTrip calls the handler that serves the request's address.
func (p inProcess) RoundTrip(req *http.Request) (res *http.Response, err error) {
	defer closeBody(req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if !p.tenant.knownHost(req.URL.Host) {
		return nil, &url.Error{
			Op:  req.Method,
			URL: req.URL.Host,
			Err: errors.New("this host is not in the sandbox"),
		}
	}
	in := req.Clone(req.Context())
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:0", req.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &bufferedResponse{header: http.Header{}}
	defer func() {
		switch failure := recover(); {
		case failure == nil:
		case failure != http.ErrAbortHandler: //nolint:errorlint // as net/http compares it
			panic(failure)
		case req.Context().Err() != nil: // the client left first
			res, err = nil, req.Context().Err()
		case out.status == 0:
			res, err = nil, io.EOF // as net/http reports it
		default:
			body := io.MultiReader(&out.body, brokenBody{})
			res, err = out.response(req, body), nil //nolint:bodyclose // the caller closes it
		}
	}()
	p.handler(req.URL).ServeHTTP(out, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if out.status == 0 {
		out.status = http.StatusOK
	}
	return out.response(req, &out.body), nil
}

// closeBody closes the body of a request, as http.RoundTripper requires even after an error.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // it was read
	}
}

func (p inProcess) handler(u *url.URL) http.Handler {
	if partOf(u.Host, u.Path) == pagesPart {
		return p.tenant.pages
	}
	return p.tenant.api
}

// bufferedResponse is an http.ResponseWriter that keeps the response in memory.
type bufferedResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the response.
func (b *bufferedResponse) Header() http.Header { return b.header }

// WriteHeader keeps the status.
func (b *bufferedResponse) WriteHeader(status int) { b.status = status }

// Write keeps a part of the body.
func (b *bufferedResponse) Write(p []byte) (int, error) { return b.body.Write(p) }

// response returns what a client receives.
func (b *bufferedResponse) response(req *http.Request, body io.Reader) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", b.status, http.StatusText(b.status)),
		StatusCode:    b.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        b.header,
		Body:          io.NopCloser(body),
		ContentLength: -1,
		Request:       req,
	}
}

// brokenBody is the end of a body whose connection was closed too early.
type brokenBody struct{}

// Read returns io.ErrUnexpectedEOF.
func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
