package graph

import (
	"context"
	"net/http"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/upstream"
)

// UpdateUser changes properties of a user with the token of an application, not of the
// user. The body is a JSON object with the new values. Graph has no delegated permission
// for custom attributes, so this is the only way to change them (learn.microsoft.com,
// "Reference: user permissions" of external tenants).
func (c *Client) UpdateUser(ctx context.Context, token string, user guid.ID, body []byte) error {
	address := versioned(c.Base) + "/users/" + user.String()
	// The values are fixed, so a repeated PATCH has no further effect.
	res, err := c.send(upstream.Idempotent(ctx), http.MethodPatch, address, token, body)
	if err != nil {
		return upstream.Fault(err, "cannot change the attributes")
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusForbidden:
		return forbidden(res)
	default:
		return faultOf(res)
	}
}

// forbidden returns the fault of an application that lacks its permission.
func forbidden(res *http.Response) error {
	f := fault.As(faultOf(res))
	f.Fix = "grant attributes-client-id the application permission User.ReadWrite.All of Microsoft Graph, " +
		"with the consent of an administrator"
	return f
}
