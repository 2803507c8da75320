package midtier

import (
	"context"
	"fmt"
	"net/http"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/upstream"
)

// ChangePassword changes the password of the token's user. It returns a challenge if the
// mid-tier accepts the token but requires a stronger sign-in. The request is not repeated: after
// a lost response, the current password may be another one.
func (c *Client) ChangePassword(
	ctx context.Context,
	token string,
	change password.Change,
) (*challenge.Challenge, error) {
	body, err := change.JSON()
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // nothing was sent
	}
	res, err := c.send(ctx, http.MethodPost, "/changePassword", token, body)
	if err != nil {
		if f := fault.As(err); f.Kind != fault.Usage && !upstream.Unsent(err) {
			return nil, unconfirmed(f, "the mid-tier did not confirm the change")
		}
		return nil, err
	}
	defer res.Body.Close()
	host := res.Request.URL.Host
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil, nil
	case res.StatusCode < http.StatusBadRequest:
		what := fmt.Sprintf("%s answered with HTTP status %d, which a mid-tier does not send", host, res.StatusCode)
		return nil, unconfirmed(notMidTier(res, host), what)
	case res.StatusCode == http.StatusNotFound:
		return nil, &fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier at " + host + " does not offer to change passwords",
			Next: fault.DoResetPassword,
		}
	}
	document := problem.Parse(res.Body)
	ch, err := rejection(res, document)
	_, own := document.Kind()
	if !own && (res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout) {
		err = unconfirmed(fault.As(err), "a gateway in front of "+host+" lost the response of the mid-tier")
	}
	return ch, err
}

// unconfirmed returns the fault of a change whose response is lost; what says how. It is not
// temporary: another attempt with the old password could lock the account.
func unconfirmed(cause *fault.Error, what string) *fault.Error {
	kind := fault.Denied
	if cause.Kind == fault.Canceled {
		kind = fault.Canceled
	}
	return &fault.Error{
		Kind:        kind,
		What:        what + ": the password may have changed",
		Fix:         "sign in to find out which password is valid",
		Unconfirmed: true,
		Err:         cause,
	}
}
