package aadsts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// FromMSAL turns an error of MSAL into a fault; doing completes "cannot …", such
// as "sign in". If the token endpoint sent an error of its own, its *Error is the
// cause of the fault. An overloaded endpoint, an unreadable response and a failure
// of the network are Unavailable; a fault in err's chain is returned unchanged.
//
// FromMSAL reads the response body that MSAL attached to err, so it can be called
// only once for each error. It never decides by the text of the error.
func FromMSAL(err error, doing string) error {
	if call, ok := errors.AsType[msal.CallErr](err); ok && call.Resp != nil && call.Resp.Body != nil {
		return fromResponse(call.Resp, doing)
	}
	if _, ok := errors.AsType[msal.InvalidJsonErr](err); ok {
		return &fault.Error{
			Kind: fault.Unavailable,
			What: "cannot " + doing + ": the tenant's response cannot be read",
			Fix:  "try again in a minute; if it fails again, check whether a proxy answers instead of the tenant",
			Err:  err,
		}
	}
	return upstream.Fault(err, "cannot "+doing)
}

// WithBody returns an error of MSAL with the body of its response, for FromMSAL, if MSAL
// has read the body itself.
func WithBody(err error, body []byte) error {
	if call, ok := errors.AsType[msal.CallErr](err); ok && call.Resp != nil {
		call.Resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return err
}

// fromResponse returns the fault of an unsuccessful response. An overloaded
// endpoint is reported as such, whatever the body says.
func fromResponse(res *http.Response, doing string) error {
	overloaded := res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError
	e := Read(res.Body)
	if e != nil && !overloaded {
		return e.Fault(doing)
	}
	f := upstream.Overloaded(
		fmt.Sprintf("cannot %s: the tenant answered with HTTP status %d", doing, res.StatusCode), res)
	if e != nil {
		f.CorrelationID = e.CorrelationID
	}
	return f
}

// Challenge returns the claims challenge if err's chain has an *Error that a user
// can satisfy with a second factor, or nil.
func Challenge(err error) *challenge.Challenge {
	e, ok := errors.AsType[*Error](err)
	if !ok || !e.Interactive() || !e.StepUp() {
		return nil
	}
	return &challenge.Challenge{Claims: e.Claims}
}
