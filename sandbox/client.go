package sandbox

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Client returns a client that reaches the tenant without sockets, under every
// name it has: the host names of the real service, and the configured
// addresses. Requests to any other host fail. It works inside a testing/synctest
// bubble, where time does not pass by itself.
func (t *Tenant) Client() *http.Client { return &http.Client{Transport: inProcess{t}} }

type inProcess struct{ tenant *Tenant }

// RoundTrip calls the handler that the request's address belongs to.
func (p inProcess) RoundTrip(req *http.Request) (res *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if !p.tenant.knownHost(req.URL.Host) {
		return nil, &url.Error{Op: req.Method, URL: req.URL.Host, Err: errors.New("this host is not in the sandbox")}
	}
	in := req.Clone(req.Context())
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:0", req.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &memory{header: http.Header{}}
	defer func() {
		if broken := recover(); broken == nil {
			return
		} else if broken != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
			panic(broken)
		}
		res, err = nil, syscall.ECONNRESET
		if out.status != 0 {
			res, err = out.response(req, io.MultiReader(strings.NewReader(out.body.String()), cutOff{})), nil //nolint:bodyclose // the caller does
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

func (p inProcess) handler(u *url.URL) http.Handler {
	if part(u.Path) == "pages" {
		return p.tenant.pages
	}
	return p.tenant.api
}

func (m *memory) response(req *http.Request, body io.Reader) *http.Response {
	return &http.Response{
		Status: http.StatusText(m.status), StatusCode: m.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.header, Body: io.NopCloser(body), ContentLength: -1, Request: req,
	}
}

// cutOff is the end of a body whose connection broke.
type cutOff struct{}

// Read fails.
func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
