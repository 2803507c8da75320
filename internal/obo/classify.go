package obo

import (
	"errors"
	"fmt"
	"net/http"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// exchanging is what was being done, as faults put it.
const exchanging = "exchange the access token"

// classify turns MSAL's error into a challenge or a fault. It decides by the
// status and the body of the response, never by the text of the error.
func classify(err error) (*challenge.Challenge, error) {
	if res := response(err); res != nil { //nolint:bodyclose // MSAL has read the body; this is a copy in memory
		return classifyResponse(res)
	}
	if _, ok := errors.AsType[msal.InvalidJsonErr](err); ok {
		return nil, &fault.Error{
			Kind: fault.Unavailable,
			What: "cannot " + exchanging + ": the tenant's response cannot be read",
			Fix:  "try again in a minute",
			Err:  err,
		}
	}
	return nil, upstream.Fault(err, "cannot "+exchanging)
}

// response returns the response that MSAL's error is about, or nil.
func response(err error) *http.Response {
	if call, ok := errors.AsType[msal.CallErr](err); ok && call.Resp != nil && call.Resp.Body != nil {
		return call.Resp
	}
	return nil
}

// classifyResponse turns an unsuccessful response of the token endpoint into a
// challenge or a fault.
func classifyResponse(res *http.Response) (*challenge.Challenge, error) {
	status := res.StatusCode
	what := fmt.Sprintf("cannot %s: the tenant answered with HTTP status %d", exchanging, status)
	overloaded := upstream.Overloaded(what, res)
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		return nil, overloaded
	}
	refusal := aadsts.Read(res.Body)
	switch {
	case refusal == nil:
		return nil, overloaded
	case refusal.Interactive() && refusal.StepUp():
		return &challenge.Challenge{Claims: refusal.Claims}, nil
	default:
		return nil, refusal.Fault(exchanging)
	}
}
