package aadsts_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// callErr returns MSAL's error for a response of the token endpoint.
func callErr(status int, body string) error {
	return fmt.Errorf("wrapped: %w", msal.CallErr{
		Resp: &http.Response{
			StatusCode: status,
			Header:     http.Header{"Retry-After": {"7"}},
			Body:       io.NopCloser(strings.NewReader(body)),
		},
		Err: errors.New("text that is never read"),
	})
}

func TestFromMSAL(t *testing.T) {
	denied := &fault.Error{Kind: fault.Denied, What: "denied before"}
	for _, c := range []struct {
		name      string
		err       error
		kind      fault.Kind
		what      string
		retry     time.Duration
		challenge *challenge.Challenge
	}{
		{
			name:      "second factor required",
			err:       callErr(400, `{"error":"invalid_grant","claims":"{}","error_codes":[50076]}`),
			kind:      fault.StepUp,
			what:      "cannot sign in: a second factor is needed (AADSTS50076)",
			challenge: &challenge.Challenge{Claims: "{}"},
		},
		{
			name: "wrong secret",
			err:  callErr(401, `{"error":"invalid_client","error_codes":[7000215]}`),
			kind: fault.Denied,
			what: "cannot sign in: the client secret is wrong (AADSTS7000215)",
		},
		{
			name:  "overloaded endpoint with an error of its own",
			err:   callErr(503, `{"error":"invalid_grant","claims":"{}"}`),
			kind:  fault.Unavailable,
			what:  "cannot sign in: the tenant answered with HTTP status 503",
			retry: 7 * time.Second,
		},
		{
			name:  "unsuccessful response that is not JSON",
			err:   callErr(400, "<html>"),
			kind:  fault.Unavailable,
			what:  "cannot sign in: the tenant answered with HTTP status 400",
			retry: 7 * time.Second,
		},
		{
			name: "successful response that is not JSON",
			err:  msal.InvalidJsonErr{Err: io.ErrUnexpectedEOF},
			kind: fault.Unavailable,
			what: "cannot sign in: the tenant's response cannot be read",
		},
		{
			name: "broken connection",
			err:  io.ErrUnexpectedEOF,
			kind: fault.Unavailable,
			what: "cannot sign in: the server broke the connection",
		},
		{
			name: "fault in the chain",
			err:  fmt.Errorf("wrapped: %w", denied),
			kind: fault.Denied,
			what: "denied before",
		},
		{
			name: "error of another kind",
			err:  errors.New("unforeseen"),
			kind: fault.Internal,
			what: "cannot sign in",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := aadsts.FromMSAL(c.err, "sign in")
			if f := fault.As(err); f.Kind != c.kind || f.What != c.what || f.RetryAfter != c.retry {
				t.Errorf("got %v %q, retry after %v", f.Kind, f.What, f.RetryAfter)
			}
			got := aadsts.Challenge(err)
			if (got == nil) != (c.challenge == nil) || got != nil && *got != *c.challenge {
				t.Errorf("got challenge %+v, want %+v", got, c.challenge)
			}
		})
	}
}

func TestFromMSALMarksThrottling(t *testing.T) {
	if err := aadsts.FromMSAL(callErr(429, ""), "sign in"); !errors.Is(err, upstream.ErrThrottled) {
		t.Errorf("got %v, want ErrThrottled in its chain", err)
	}
}
