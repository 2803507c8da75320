package doctorcmd

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/graph"
)

// wrongTokenRequests are requests without a user that the tenant must reject. Their
// refusals judge rows of docs/explanation/fidelity.md. None of them changes anything.
func (j *journey) wrongTokenRequests() []journeyStep {
	return []journeyStep{
		{"authorize-response-type", func(ctx context.Context) error { return j.authorize(ctx, "nothing", "none") }},
		{"authorize-prompt", func(ctx context.Context) error { return j.authorize(ctx, "code", "nothing") }},
		{"token-without-code", func(ctx context.Context) error {
			return j.requestToken(ctx, url.Values{"grant_type": {"authorization_code"}})
		}},
		{"token-malformed-code", func(ctx context.Context) error {
			return j.requestToken(ctx, url.Values{
				"grant_type":    {"authorization_code"},
				"code":          {"nothing"},
				"redirect_uri":  {"http://localhost"},
				"code_verifier": {strings.Repeat("a", 43)},
			})
		}},
		{"token-repeated-parameter", func(ctx context.Context) error {
			return j.requestToken(ctx, url.Values{"grant_type": {"refresh_token"}, "scope": {"openid", "openid"}})
		}},
		{"device-code-pending", func(ctx context.Context) error {
			return j.requestToken(ctx, url.Values{"grant_type": {"device_code"}, "device_code": {"nothing"}})
		}},
	}
}

// requestToken sends a token request and ignores the response.
func (j *journey) requestToken(ctx context.Context, form url.Values) error {
	form.Set("client_id", j.Settings.Text("client-id"))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.Authority.TokenEndpoint,
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return j.do(req)
}

// wrongReads are requests to Microsoft Graph that it must reject, and two that differ from
// the usual ones in form only. The token may only read the user's profile.
func (j *journey) wrongReads() []journeyStep {
	me := graph.MeURL(j.Settings.Text("graph"))
	version, _ := strings.CutSuffix(me, "/me")
	const stranger = "/users/11111111-2222-3333-4444-555555555555"
	var steps []journeyStep
	for _, r := range []struct{ name, method, address string }{
		{"me-unknown-property", http.MethodGet, me + "?$select=noSuchProperty"},
		{"me-other-case", http.MethodGet, version + "/ME?$select=DISPLAYNAME"},
		{"me-expand", http.MethodGet, me + "?$expand=photo"},
		{"me-filter", http.MethodGet, me + "?$filter=id%20eq%20'1'"},
		{"me-photo", http.MethodGet, me + "/photo/$value"},
		{"me-unknown-path", http.MethodGet, me + "/noSuchSegment"},
		{"me-put", http.MethodPut, me},
		{"other-user", http.MethodGet, version + stranger},
		{"batch-malformed", http.MethodPost, version + "/$batch"},
		{"userinfo", http.MethodGet, strings.TrimSuffix(version, "/v1.0") + "/oidc/userinfo"},
	} {
		steps = append(steps, journeyStep{r.name, func(ctx context.Context) error {
			return j.send(ctx, r.method, r.address, j.read.Access)
		}})
	}
	return steps
}
