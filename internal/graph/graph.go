// Package graph is the client of the only part of Microsoft Graph that profilectl
// needs: reading and updating /me, and the custom attributes of a user. It receives a token and
// cannot acquire one.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/upstream"
)

const (
	// maxBody limits the size in bytes of a response; a profile has under 10 KB.
	maxBody = 256 << 10
	// maxDepth limits the nesting of a response, which a formatted copy repeats in
	// the indentation of every line; a profile has three levels.
	maxDepth = 32
)

// Client calls Graph. Both fields must be set. It is safe for concurrent use.
type Client struct {
	Base string // https://graph.microsoft.com, with or without the version
	HTTP *http.Client
}

// Me reads the profile of the token's user with one GET: the named properties, or
// those that Graph returns by default.
func (c *Client) Me(ctx context.Context, token string, properties ...string) (Profile, error) {
	address := c.address()
	if len(properties) > 0 {
		address += "?$select=" + url.QueryEscape(strings.Join(properties, ","))
	}
	res, err := c.send(ctx, http.MethodGet, address, token, nil)
	if err != nil {
		return Profile{}, upstream.Fault(err, "cannot read the profile")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Profile{}, faultOf(res)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return Profile{}, upstream.Fault(err, "cannot read the profile")
	}
	p := Profile{Raw: raw}
	problem := ""
	if err = json.Unmarshal(raw, &p.values); err != nil {
		problem = "is not JSON"
	} else if depth(raw) > maxDepth {
		problem = "is not a profile"
	}
	if problem != "" {
		return Profile{}, &fault.Error{
			Kind: fault.Unavailable,
			What: "cannot read the profile: the response of Microsoft Graph " + problem,
			Fix:  "try again in a minute; if it fails again, check whether a proxy answers instead of it",
			Err:  err,
		}
	}
	return p, nil
}

// Update changes the profile of the token's user. It returns a challenge if Graph
// requires a stronger sign-in (learn.microsoft.com, "Microsoft Graph error
// responses": insufficient_claims).
func (c *Client) Update(ctx context.Context, token string, change profile.Change) (*challenge.Challenge, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("write change: %w", err)
	}
	// The values are fixed, so a repeated PATCH has no further effect.
	res, err := c.send(upstream.Idempotent(ctx), http.MethodPatch, c.address(), token, body)
	if err != nil {
		return nil, upstream.Fault(err, "cannot change the profile")
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
	return nil, faultOf(res)
}

func (c *Client) address() string { return MeURL(c.Base) }

// MeURL returns the URL of /me for an address of Graph. The address may end in slashes
// and in the version, as Microsoft's samples have it.
func MeURL(base string) string { return versioned(base) + "/me" }

// versioned returns the address of Graph with the version.
func versioned(base string) string {
	const version = "/v1.0"
	base = strings.TrimRight(base, "/")
	if n := len(base) - len(version); n >= 0 && strings.EqualFold(base[n:], version) {
		base = strings.TrimRight(base[:n], "/")
	}
	return base + version
}

// send sends a request with the token; body is JSON, or nil for none.
func (c *Client) send(ctx context.Context, method, address, token string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	return c.HTTP.Do(req)
}
