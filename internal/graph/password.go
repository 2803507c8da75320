package graph

import (
	"context"
	"net/http"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
	"github.com/profilectl/profilectl/internal/upstream"
)

// ChangePassword changes the password of the token's user (learn.microsoft.com, "user:
// changePassword"). It returns a challenge if Graph requires a stronger sign-in. The request
// is never repeated: after a lost response, the current password may be another one.
//
// Graph has one code for all passwords that it does not accept, and only the text of its
// message says more. So the Invalid fault names all reasons.
func (c *Client) ChangePassword(
	ctx context.Context,
	token string,
	change password.Change,
) (*challenge.Challenge, error) {
	body, err := change.JSON()
	if err != nil {
		return nil, err
	}
	res, err := c.send(ctx, http.MethodPost, c.address()+"/changePassword", token, body)
	if err != nil {
		return nil, upstream.Fault(err, "cannot change the password")
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNoContent:
		return nil, nil
	case http.StatusUnauthorized, http.StatusForbidden:
		if ch := challenge.Parse(res.Header); ch != nil {
			return ch, nil
		}
	}
	f := fault.As(faultOf(res))
	switch res.StatusCode {
	case http.StatusBadRequest:
		f = &fault.Error{
			Kind: fault.Invalid,
			What: "the current password is wrong, or the new one breaks a rule of the tenant",
			Fix: "check the current password; a new one has " + password.Rule +
				", and it must not resemble your name or the tenant's",
			CorrelationID: f.CorrelationID,
		}
	case http.StatusForbidden:
		f.Fix = "ask the tenant's administrator to grant the mid-tier the Microsoft Graph permission " +
			"Directory.AccessAsUser.All"
	}
	return nil, f
}
