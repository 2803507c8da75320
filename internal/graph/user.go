package graph

import (
	"context"
	"encoding/json"
	"fmt"
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

// CheckUpdateUser returns why the token of an application cannot change properties of
// users, or nil. It sends a change of a user that does not exist: Graph answers with 404
// if the application has the permission. Whether Graph then also rejects properties that
// the tenant does not have is not documented.
func (c *Client) CheckUpdateUser(ctx context.Context, token string, properties ...string) error {
	none, _ := guid.Parse(guid.New())
	values := map[string]any{}
	for _, name := range properties {
		values[name] = nil
	}
	body, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("write change: %w", err)
	}
	address := versioned(c.Base) + "/users/" + none.String()
	res, err := c.send(upstream.Idempotent(ctx), http.MethodPatch, address, token, body)
	if err != nil {
		return upstream.Fault(err, "cannot check the permission for custom attributes")
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNotFound:
		return nil
	case http.StatusForbidden:
		return forbidden(res)
	case http.StatusBadRequest:
		f := fault.As(faultOf(res))
		f.What = "the tenant does not have one of the attributes"
		f.Fix = "compare the names in the attributes file with the custom user attributes of the tenant"
		return f
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
