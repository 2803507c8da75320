package midtier

import (
	"context"
	"net/http"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
	"github.com/profilectl/profilectl/internal/problem"
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
	res, err := c.send(ctx, http.MethodPost, "/changePassword", token, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil, nil
	case res.StatusCode < http.StatusBadRequest:
		return nil, notMidTier(res, res.Request.URL.Host)
	case res.StatusCode == http.StatusNotFound:
		return nil, &fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier at " + res.Request.URL.Host + " does not offer to change passwords",
			Next: fault.DoResetPassword,
		}
	}
	return rejection(res, problem.Parse(res.Body))
}
