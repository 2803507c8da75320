// Package midtier is the client of the mid-tier's POST /updateUserInfo. It receives
// a token and cannot acquire one. A claims challenge is a result, and the caller
// decides what to do about it.
package midtier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/upstream"
)

// route is the path of the mid-tier's only route.
const route = "/updateUserInfo"

// Client calls a mid-tier. Both fields must be set. It is safe for concurrent use.
type Client struct {
	URL  string // of the mid-tier, with or without the route
	HTTP *http.Client
}

// Update changes the profile of the token's user. It returns a challenge if the
// mid-tier accepts the token but requires a stronger sign-in.
func (c *Client) Update(ctx context.Context, token string, change profile.Change) (*challenge.Challenge, error) {
	address, err := c.address()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("write change: %w", err)
	}
	// The values are fixed, so a repeated request has no further effect.
	ctx = upstream.Idempotent(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", problem.MediaType)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, upstream.Fault(err, "cannot reach the mid-tier")
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	if res.StatusCode < http.StatusBadRequest {
		return nil, notMidTier(res, address.Host)
	}
	// Old APIs, such as those with Microsoft.Identity.Web, challenge with 403.
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		if ch := challenge.Parse(res.Header); ch != nil {
			return ch, nil
		}
	}
	return nil, problem.Read(res, "the mid-tier at "+address.Host)
}

// notMidTier returns the fault of a response that a mid-tier does not send: a page
// of a captive portal, a redirect of a proxy, or the 200 with which the sample's
// API reports a failure. Only 204 means that the change was made.
func notMidTier(res *http.Response, host string) error {
	content := "an empty body"
	if media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err == nil {
		content = fmt.Sprintf("a body of the type %.64s", media) // only token characters (RFC 9110, 8.3.1)
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: fmt.Sprintf("%s answered with HTTP status %d and %s, which a mid-tier does not send; "+
			"the change was probably not made", host, res.StatusCode, content),
		Fix: "check mid-tier, and open a page in a browser in case the network asks for a sign-in; " +
			"then look at the profile before you repeat the edit",
	}
}

// address returns the URL of the route. Plain http is allowed only on this machine,
// because the request carries a token.
func (c *Client) address() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &fault.Error{
			Kind:    fault.Usage,
			What:    "the address of the mid-tier is not a URL",
			Fix:     "set mid-tier to its https address",
			Setting: "mid-tier",
			Err:     err,
		}
	}
	if u.Scheme == "http" && !loopback.IsHost(u.Hostname()) {
		return nil, &fault.Error{
			Kind:    fault.Usage,
			What:    "the address of the mid-tier is plain http, which must not carry a token",
			Fix:     "plain http is for localhost only; set mid-tier to an https address",
			Setting: "mid-tier",
		}
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), route) + route
	return u, nil
}
