// Package midtier is the client of the mid-tier's POST /updateUserInfo. It is
// handed a token and cannot ask for one: a claims challenge is its result, and
// whoever called it decides what to do about that.
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

// Client calls a mid-tier. Both fields must be set; it is safe for concurrent
// use.
type Client struct {
	URL  string // of the mid-tier, without the route
	HTTP *http.Client
}

// Update asks for a change of the caller's profile. A challenge, where it
// returns one, says that the token is good but the sign-in behind it too weak.
func (c *Client) Update(ctx context.Context, token string, change profile.Change) (*challenge.Challenge, error) {
	address, host, err := c.address()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("write change: %w", err)
	}
	req, err := http.NewRequestWithContext(upstream.Idempotent(ctx), http.MethodPost, address, bytes.NewReader(body))
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
		return nil, notTheMidTier(res, host)
	}
	// Old APIs challenge with 403 (Microsoft.Identity.Web does).
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		if ch := challenge.Parse(res.Header); ch != nil {
			return ch, nil
		}
	}
	return nil, problem.Read(res, "the mid-tier at "+host)
}

// notTheMidTier is the fault of a response that a mid-tier does not send: a page of
// a captive portal, a redirect of a proxy, or the 200 with which the sample's API
// reports a failure. Only 204 says that the change was made.
func notTheMidTier(res *http.Response, host string) error {
	content := "an empty body"
	if media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err == nil {
		content = fmt.Sprintf("a body of the type %.64s", media) // only token characters (RFC 9110, 8.3.1)
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: fmt.Sprintf("%s answered with HTTP status %d and %s, which is not the answer of a mid-tier; "+
			"the change was probably not made", host, res.StatusCode, content),
		Fix: "check mid-tier, and open a page in a browser in case the network asks for a sign-in; " +
			"then look at the profile before you repeat the edit",
	}
}

// address returns the route's URL. A token never goes over plain http but on
// this machine.
func (c *Client) address() (address, host string, err error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", "", &fault.Error{Kind: fault.Usage, What: "the address of the mid-tier is not a URL", Fix: "set mid-tier to its https address", Err: err}
	}
	if u.Scheme == "http" && !loopback.IsHost(u.Hostname()) {
		return "", "", &fault.Error{Kind: fault.Usage, What: "the mid-tier's address is plain http, and a token must not go there", Fix: "set mid-tier to an https address; plain http is for localhost only"}
	}
	return strings.TrimSuffix(strings.TrimSuffix(u.String(), "/"), "/updateUserInfo") + "/updateUserInfo", u.Host, nil
}
