package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// maxBody limits the size in bytes of a response.
const maxBody = 4 << 20

// API calls Microsoft Graph as an administrator. All fields must be set.
type API struct {
	Base string // https://graph.microsoft.com
	HTTP *http.Client
	// Token returns an access token for Microsoft Graph.
	Token func(context.Context) (string, error)
}

// refusal is an error response of Microsoft Graph.
type refusal struct {
	Status        int
	Code          string // the most specific code; never the message, which may repeat values
	CorrelationID string
	RetryAfter    time.Duration
}

var _ error = (*refusal)(nil)

// Error returns the status and the code.
func (r *refusal) Error() string {
	if r.Code == "" {
		return fmt.Sprintf("Microsoft Graph answered with HTTP status %d", r.Status)
	}
	return fmt.Sprintf("Microsoft Graph answered with HTTP status %d (%s)", r.Status, r.Code)
}

// statusOf returns the HTTP status of a refusal, or 0.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.Status
	}
	return 0
}

// call sends a request and returns the body of a successful response. path starts with a
// slash and follows the version.
func (a *API) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
	}
	token, err := a.Token(ctx)
	if err != nil {
		return nil, err
	}
	if method == http.MethodPatch || method == http.MethodDelete {
		ctx = upstream.Idempotent(ctx) // the values are fixed
	}
	req, err := http.NewRequestWithContext(ctx, method, a.address(path), bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := a.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read response: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, refused(res, answer)
	}
	return answer, nil
}

// address returns the URL of a path. A link to the next page is a URL already; it is
// followed on the host of the API only, because the request carries the token.
func (a *API) address(path string) string {
	const version = "/v1.0"
	base := strings.TrimSuffix(strings.TrimRight(a.Base, "/"), version)
	return base + version + path
}

// get reads one object into v.
func (a *API) get(ctx context.Context, path string, v any) error {
	body, err := a.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return &fault.Error{
			Kind: fault.Unavailable,
			What: "the response is not from Microsoft Graph",
			Fix:  "check whether a proxy answers instead of it, then try again",
			Err:  err,
		}
	}
	return nil
}

// list reads a collection with all its pages.
func list[T any](ctx context.Context, a *API, path string) ([]T, error) {
	const mostPages = 100
	var all []T
	for range mostPages {
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := a.get(ctx, path, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		if page.Next == "" {
			return all, nil
		}
		var ok bool
		if path, ok = strings.CutPrefix(page.Next, a.address("")); !ok {
			break
		}
	}
	return nil, &fault.Error{
		Kind: fault.Unavailable,
		What: "Microsoft Graph returned an incomplete list",
		Fix:  "check the address of Microsoft Graph, and whether a proxy answers instead of it",
	}
}

// refused turns an error response into a refusal (learn.microsoft.com, "Microsoft Graph
// error responses and resource types").
func refused(res *http.Response, body []byte) error {
	r := &refusal{Status: res.StatusCode}
	var document struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &document) == nil && isCode(document.Error.Code) {
		r.Code = document.Error.Code
	}
	r.CorrelationID = fault.CorrelationID(res.Header.Get("request-id"))
	if wait, ok := upstream.RetryAfter(res.Header); ok {
		r.RetryAfter = wait
	}
	return r
}

// isCode reports whether s has the form of an error code.
func isCode(s string) bool {
	const longest = 64
	unusual := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && r != '_' && r != '.'
	}
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, unusual)
}

// faultOf turns the error of a call that nothing can be done without into a fault.
func faultOf(err error, what string) error {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return upstream.Fault(err, what)
	}
	f := &fault.Error{
		Kind:          fault.Denied,
		What:          what + ": " + r.Error(),
		Fix:           "sign in as an administrator with the roles and permissions of the setup",
		Err:           r,
		CorrelationID: r.CorrelationID,
	}
	if r.Status == http.StatusTooManyRequests || r.Status >= http.StatusInternalServerError {
		f.Kind, f.Fix, f.RetryAfter = fault.Unavailable, "try again in a minute", r.RetryAfter
	}
	return f
}
