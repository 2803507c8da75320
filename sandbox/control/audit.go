package control

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Decision is what the tenant decided about a request.
type Decision string

// The decisions.
const (
	Issued   Decision = "issued"   // tokens or an authorization code
	Shown    Decision = "shown"    // a page for the user
	Answered Decision = "answered" // any other success
	Refused  Decision = "refused"
	Failed   Decision = "failed" // a fault that was added
)

// AuditEntry describes a request to the tenant, what the tenant decided, and why.
// It holds no secrets, but it holds the email addresses of the tenant's users.
type AuditEntry struct {
	Number        int64     `json:"number"` // counts the requests, from 1
	Time          time.Time `json:"time"`   // by the tenant's clock
	Method        string    `json:"method"`
	Path          string    `json:"path"` // without the query
	Part          string    `json:"part"` // as in Fault
	ClientID      string    `json:"clientId,omitempty"`
	Client        string    `json:"client,omitempty"` // name of the app
	User          string    `json:"user,omitempty"`   // email address
	Grant         string    `json:"grant,omitempty"`  // grant_type
	Scopes        []string  `json:"scopes,omitempty"` // requested, or granted if tokens were issued
	Decision      Decision  `json:"decision"`
	Status        int       `json:"status"`         // of the response; 0 if there was none
	Code          string    `json:"code,omitempty"` // AADSTS… or the error code of Graph
	CorrelationID string    `json:"correlationId,omitempty"`
	Reason        string    `json:"reason"`
}

// Outcome returns the decision and the reason in one sentence: "refused with
// AADSTS50011: the redirect URI …", "issued an access token …".
func (e AuditEntry) Outcome() string {
	switch {
	case e.Decision != Refused && e.Decision != Failed:
		return e.Reason
	case e.Code != "":
		return string(e.Decision) + " with " + e.Code + ": " + e.Reason
	}
	return string(e.Decision) + ": " + e.Reason
}

// Request returns the method and the path without the tenant, which is the same in
// every path: "POST /oauth2/v2.0/token".
func (e AuditEntry) Request() string {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(e.Path, "/"), "/")
	const guid = len("00000000-0000-0000-0000-000000000000")
	if rest != "" && (len(tenant) == guid || strings.HasSuffix(tenant, ".onmicrosoft.com")) {
		return e.Method + " /" + rest
	}
	return e.Method + " " + e.Path
}

// NewPageLink returns a link that opens the developer page once, within an hour.
func (c *Client) NewPageLink(ctx context.Context) (Page, error) {
	var page Page
	err := c.call(ctx, http.MethodPost, "/page", nil, &page)
	return page, err
}

// Audit returns the entries of the audit whose number is greater than after, the
// oldest first. The tenant keeps the latest 1000. If there is none, the tenant
// waits for one, for at most wait; then the result is empty.
func (c *Client) Audit(ctx context.Context, after int64, wait time.Duration) ([]AuditEntry, error) {
	return get[[]AuditEntry](ctx, c, "/audit?after="+strconv.FormatInt(after, 10)+"&wait="+wait.String())
}
