// Package midtier is the client of the mid-tier's API: POST /updateUserInfo changes the
// profile, and GET /schema lists the fields that can be changed. It receives a token and
// cannot acquire one. A claims challenge is a result, and the caller decides what to do
// about it.
package midtier

import (
	"bytes"
	"context"
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

// route is the path of the mid-tier's first route, with which its address may end.
const route = "/updateUserInfo"

// Client calls a mid-tier. Both fields must be set. It is safe for concurrent use.
type Client struct {
	URL  string // of the mid-tier, with or without /updateUserInfo
	HTTP *http.Client
}

// Reply is what the mid-tier answered to an update.
type Reply struct {
	// Challenge is not nil if the mid-tier accepts the token but requires a stronger
	// sign-in. Nothing was changed then.
	Challenge *challenge.Challenge
	// Version is that of the mid-tier's schema, or empty if the mid-tier did not send it.
	// It is set also if there is an error.
	Version string
}

// Partial is the error of an update of which the mid-tier made only a part. Sending the
// same change again is safe.
type Partial struct {
	Applied, NotApplied []string // Graph's names of the fields; from the mid-tier, not checked
	Fault               *fault.Error
}

// Error returns the words of the fault.
func (p *Partial) Error() string { return p.Fault.Error() }

// Unwrap returns the fault.
func (p *Partial) Unwrap() error { return p.Fault }

// Update changes built-in fields of the token's user. It returns a challenge if the
// mid-tier accepts the token but requires a stronger sign-in.
func (c *Client) Update(ctx context.Context, token string, change profile.Change) (*challenge.Challenge, error) {
	reply, err := c.UpdateAs(ctx, token, profile.BuiltIn(), change)
	return reply.Challenge, err
}

// UpdateAs changes the profile of the token's user. The change must be valid in the
// schema. The error is a Partial if only a part of the change was made.
func (c *Client) UpdateAs(
	ctx context.Context,
	token string,
	schema profile.Schema,
	change profile.Change,
) (Reply, error) {
	body, err := schema.Marshal(change)
	if err != nil {
		return Reply{}, fmt.Errorf("write change: %w", err)
	}
	if ctx.Err() != nil {
		return Reply{}, ctx.Err() // nothing was sent
	}
	// The values are fixed, so a repeated request has no further effect.
	res, err := c.send(upstream.Idempotent(ctx), http.MethodPost, route, token, body)
	if err != nil {
		return Reply{}, unconfirmedEdit(err)
	}
	defer res.Body.Close()
	reply := Reply{Version: versionOf(res.Header)}
	host := res.Request.URL.Host
	if res.StatusCode == http.StatusNoContent {
		return reply, nil
	}
	if res.StatusCode < http.StatusBadRequest {
		return reply, notMidTier(res, host)
	}
	document := problem.Parse(res.Body)
	reply.Challenge, err = rejection(res, document)
	if len(document.Applied) > 0 && res.StatusCode >= http.StatusInternalServerError {
		err = &Partial{Applied: document.Applied, NotApplied: document.NotApplied, Fault: fault.As(err)}
	}
	return reply, err
}

// unconfirmedEdit returns the fault of an edit that was canceled after it was sent, and other
// errors unchanged.
func unconfirmedEdit(err error) error {
	f := fault.As(err)
	if f.Kind != fault.Canceled || upstream.Unsent(err) {
		return err
	}
	f = f.Reworded("the mid-tier did not confirm the edit: the profile may have changed")
	f.Fix, f.Unconfirmed = "look at the profile before you repeat the edit", true
	return f
}

// send sends a request with a token, if there is one; body is JSON, or nil for none.
func (c *Client) send(ctx context.Context, method, path, token string, body []byte) (*http.Response, error) {
	address, err := c.address(path)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", problem.MediaType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, upstream.Fault(err, "cannot reach the mid-tier")
	}
	return res, nil
}

// rejection returns the challenge of an unsuccessful response, or its fault.
func rejection(res *http.Response, document problem.Document) (*challenge.Challenge, error) {
	host := res.Request.URL.Host
	// Old APIs, such as those with Microsoft.Identity.Web, challenge with 403.
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		if ch := challengeOf(res.Header, document); ch != nil {
			return ch, nil
		}
	}
	if res.StatusCode == http.StatusUnauthorized {
		if f := lostChallenge(res.Header, document, host); f != nil {
			return nil, f
		}
	}
	return nil, document.Fault(res.StatusCode, "the mid-tier at "+host)
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
func notMidTier(res *http.Response, host string) *fault.Error {
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

// address returns the URL of a route. Plain http is allowed only on this machine,
// because the request carries a token.
func (c *Client) address(path string) (*url.URL, error) {
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
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), route) + path
	return u, nil
}
