package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// graphError is Graph's error. Inner errors nest, each more specific than the
// one around it (learn.microsoft.com, "Microsoft Graph error responses and
// resource types").
type graphError struct {
	Code       string      `json:"code"`
	InnerError *graphError `json:"innerError"`
}

// codes returns the codes, the most specific last.
func (e *graphError) codes() []string {
	const deepest = 10
	var codes []string
	for depth := 0; e != nil && depth < deepest; depth++ {
		if e.Code != "" {
			codes = append(codes, e.Code)
		}
		e = e.InnerError
	}
	return codes
}

var plainCode = regexp.MustCompile(`^[A-Za-z_.]{1,64}$`)

// code returns the most specific code that looks like one, or an empty string.
// Graph's message is not used: it may quote the values sent.
func code(body io.Reader) string {
	var document struct {
		Error graphError `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(body, maxBody)).Decode(&document) != nil {
		return ""
	}
	found := ""
	for _, c := range document.Error.codes() {
		if plainCode.MatchString(c) {
			found = c
		}
	}
	return found
}

// refused turns Graph's error answer into a fault.
func refused(res *http.Response) error {
	f := &fault.Error{
		Kind: fault.Denied, What: fmt.Sprintf("Microsoft Graph answered with HTTP status %d", res.StatusCode),
		Fix: "give the correlation id to the tenant's administrator", CorrelationID: correlationID(res.Header),
	}
	switch {
	case res.StatusCode < http.StatusBadRequest: // no success that Graph is known to answer with
		f.Kind, f.What, f.Fix = fault.Unavailable, "what answered is not Microsoft Graph", "look for a proxy that answers in its place, then try again"
	case res.StatusCode == http.StatusUnauthorized:
		f.Kind, f.What = fault.SignIn, "Microsoft Graph does not accept the access token"
		f.Fix, f.Next = "", fault.DoSignIn
	case res.StatusCode == http.StatusForbidden:
		f.What = "Microsoft Graph does not allow it"
		f.Fix = "ask the tenant's administrator to grant the permission User.ReadWrite of Microsoft Graph"
		f.ForOperator = true
	case res.StatusCode == http.StatusBadRequest:
		f.Kind, f.What, f.Fix = fault.Invalid, "Microsoft Graph refused a value", "check the values, then run the command again"
	case res.StatusCode == http.StatusNotFound:
		f.What = "Microsoft Graph does not know this account"
		f.Fix, f.Next = "choose an account of this tenant", fault.DoSignIn
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError:
		id := f.CorrelationID
		f = upstream.Overloaded(fmt.Sprintf("Microsoft Graph is out of order or overloaded (HTTP status %d)", res.StatusCode), res)
		f.CorrelationID = id
	}
	if c := code(res.Body); c != "" {
		f.What += " (" + c + ")"
	}
	return f
}

// correlationID returns the id by which Microsoft finds the request.
func correlationID(h http.Header) string {
	return cmp.Or(fault.CorrelationID(h.Get("client-request-id")), fault.CorrelationID(h.Get("request-id")))
}
