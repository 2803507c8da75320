package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// faultOf turns an unsuccessful response of Graph into a fault.
func faultOf(res *http.Response) error {
	f, code := statusFault(res), errorCode(res.Body)
	if res.StatusCode == http.StatusConflict && code == codeConcurrent { // other conflicts last
		f = known(code)
	}
	f.CorrelationID = correlationID(res.Header)
	if code != "" {
		f.What += " (" + code + ")"
	}
	return f
}

// statusFault returns the fault that the status of a response stands for.
func statusFault(res *http.Response) *fault.Error {
	switch status := res.StatusCode; {
	case status < http.StatusBadRequest: // not a success that Graph is known to send
		return &fault.Error{
			Kind: fault.Unavailable,
			What: "the response is not from Microsoft Graph",
			Fix:  "check whether a proxy answers instead of it, then try again",
		}
	case status == http.StatusUnauthorized:
		return known(codeInvalidToken)
	case status == http.StatusForbidden:
		return known(codeDenied)
	case status == http.StatusBadRequest:
		return known(codeBadRequest)
	case status == http.StatusNotFound:
		return known(codeNotFound)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return upstream.Overloaded(
			fmt.Sprintf("Microsoft Graph is unavailable or overloaded (HTTP status %d)", status), res)
	default:
		return &fault.Error{
			Kind: fault.Denied,
			What: fmt.Sprintf("Microsoft Graph answered with HTTP status %d", status),
			Fix:  "give the correlation id to the tenant's administrator",
		}
	}
}

// known returns the fault of a known code.
func known(code string) *fault.Error {
	e, _ := Explain(code)
	return e.Fault
}

// graphError is an error of Graph. Inner errors are nested, each more specific than
// the outer one (learn.microsoft.com, "Microsoft Graph error responses and resource
// types").
type graphError struct {
	Code       string      `json:"code"`
	InnerError *graphError `json:"innerError"`
}

// errorCode returns the most specific error code in the body, or an empty string.
// Graph's message is not used: it may contain values of the request.
func errorCode(body io.Reader) string {
	const (
		maxInner = 10       // inner errors
		maxError = 32 << 10 // bytes
	)
	var document struct {
		Error *graphError `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(body, maxError)).Decode(&document) != nil {
		return ""
	}
	code := ""
	e := document.Error
	for level := 0; e != nil && level < maxInner; level++ {
		if isCode(e.Code) {
			code = e.Code
		}
		e = e.InnerError
	}
	return code
}

// isCode reports whether s has the form of an error code.
func isCode(s string) bool {
	const (
		maxLength = 64
		allowed   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_."
	)
	unusual := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	return s != "" && len(s) <= maxLength && !strings.ContainsFunc(s, unusual)
}

// correlationID returns the id by which Microsoft finds the request in its logs.
func correlationID(h http.Header) string {
	return cmp.Or(fault.CorrelationID(h.Get("client-request-id")), fault.CorrelationID(h.Get("request-id")))
}
