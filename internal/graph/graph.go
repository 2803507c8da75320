// Package graph is the client of the one part of Microsoft Graph that
// profilectl needs: reading and updating /me. It is handed a token and cannot
// ask for one.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/upstream"
)

// maxBody bounds an answer; a profile has under 10 KB.
const maxBody = 1 << 20

// Client calls Graph. Both fields must be set; it is safe for concurrent use.
type Client struct {
	Base string // https://graph.microsoft.com, with or without a trailing slash
	HTTP *http.Client
}

// Profile is a user as Graph returned it.
type Profile struct {
	Raw    []byte // Graph's JSON, unchanged
	values map[string]json.RawMessage
}

// Values returns the properties that are strings, or nil where one has no
// value. Others, such as lists, are left out.
func (p Profile) Values() map[string]*string {
	values := map[string]*string{}
	for name, raw := range p.values {
		var text *string
		if json.Unmarshal(raw, &text) == nil {
			values[name] = text
		}
	}
	return values
}

// Property returns the JSON of a property, or nil if Graph did not return it.
func (p Profile) Property(name string) json.RawMessage { return p.values[name] }

// Only returns the named properties as a JSON object, in that order; those that
// Graph did not return are left out, and so is what it says about itself.
func (p Profile) Only(names ...string) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range names {
		raw, ok := p.values[name]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(name) + ":") // names are plain ASCII
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// SignInName returns the address that a customer signs in with. It stands in
// identities; mail is usually empty in external tenants.
func (p Profile) SignInName() string {
	var identities []struct {
		Type string `json:"signInType"`
		ID   string `json:"issuerAssignedId"`
	}
	if json.Unmarshal(p.values["identities"], &identities) != nil {
		return ""
	}
	for _, i := range identities {
		if strings.EqualFold(i.Type, "emailAddress") {
			return i.ID
		}
	}
	return ""
}

// Me reads the signed-in user, with one GET: the named properties, or those
// that Graph returns by itself.
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
		return Profile{}, refused(res)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return Profile{}, upstream.Fault(err, "cannot read the profile")
	}
	p := Profile{Raw: raw}
	if err := json.Unmarshal(raw, &p.values); err != nil {
		return Profile{}, &fault.Error{
			Kind: fault.Unavailable, What: "cannot read the profile: the answer of Microsoft Graph is not JSON",
			Fix: "try again in a minute; if it stays so, look for a proxy that answers in its place", Err: err,
		}
	}
	return p, nil
}

// Update changes the signed-in user. A challenge, where it returns one, says
// that Graph wants a stronger sign-in (learn.microsoft.com, "Microsoft Graph
// error responses": insufficient_claims).
func (c *Client) Update(ctx context.Context, token string, change profile.Change) (*challenge.Challenge, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("write change: %w", err)
	}
	// The values are fixed, so a second PATCH does what the first did.
	res, err := c.send(upstream.Idempotent(ctx), http.MethodPatch, c.address(), token, body)
	if err != nil {
		return nil, upstream.Fault(err, "cannot change the profile")
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	if ch := challenge.Parse(res.Header); ch != nil && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, res.StatusCode) {
		return ch, nil
	}
	return nil, refused(res)
}

func (c *Client) address() string { return strings.TrimSuffix(c.Base, "/") + "/v1.0/me" }

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
