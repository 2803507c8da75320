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
	document := problem.Parse(res.Body)
	// Old APIs, such as those with Microsoft.Identity.Web, challenge with 403.
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		if ch := challengeOf(res.Header, document); ch != nil {
			return ch, nil
		}
	}
	if res.StatusCode == http.StatusUnauthorized {
		if f := lostChallenge(res.Header, document, address.Host); f != nil {
			return nil, f
		}
	}
	return nil, document.Fault(res.StatusCode, "the mid-tier at "+address.Host)
}

// challengeOf returns the challenge of a response, or nil if it has none. A gateway
// may have removed the header; the document repeats it.
func challengeOf(h http.Header, d problem.Document) *challenge.Challenge {
	if ch := challenge.Parse(h); ch != nil {
		return ch
	}
	if kind, ok := d.Kind(); ok && kind == fault.StepUp {
		return challenge.FromClaims(d.Claims, d.MaxAge)
	}
	return nil
}

// lostChallenge returns the fault of a response with status 401 whose WWW-Authenticate
// header something between has removed, so that the reason is unknown. It returns nil
// if the reason is known.
func lostChallenge(h http.Header, d problem.Document, host string) *fault.Error {
	const fix = "ask the operator of the mid-tier to let the WWW-Authenticate header pass its gateway or proxy"
	kind, own := d.Kind()
	switch {
	case own && kind == fault.StepUp:
		return &fault.Error{
			Kind: fault.Denied,
			What: "a stronger sign-in is needed, but a gateway or proxy in front of " + host +
				" removes the challenge that says which",
			Fix:           fix,
			CorrelationID: fault.CorrelationID(d.CorrelationID),
		}
	case own || challenge.Arrived(h):
		return nil
	}
	return &fault.Error{
		Kind: fault.SignIn,
		What: "the mid-tier at " + host + " answered with HTTP status 401 and no reason; " +
			"a gateway or proxy in front of it may remove the challenge",
		Fix: fix,
	}
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
