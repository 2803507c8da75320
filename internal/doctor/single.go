package doctor

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Registered returns a fault if the tenant does not know a client, or if the client is
// disabled. It requests a device
// code, the one request that a public client can make without a user; the code expires
// unused. Every other error is ignored: it may mean that the client may not use device
// codes.
func Registered(ctx context.Context, client *http.Client, a authority.Authority, clientID string) error {
	if a.DeviceEndpoint == "" {
		return nil
	}
	form := url.Values{"client_id": {clientID}, "scope": {"openid"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.DeviceEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		return upstream.Fault(err, "cannot reach the tenant")
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	e := aadsts.Read(res.Body)
	if e == nil || !hasCode(e, []int{70001, 700011, 700016, 700038, 7000112, 7000229}) {
		return nil
	}
	return e.Fault("use this client")
}

// MidTier returns a fault if no mid-tier answers at an address.
func MidTier(ctx context.Context, client *http.Client, address string) error {
	e := &examination{midTier: address, http: client}
	for _, check := range []func(context.Context) Result{e.checkMidTier, e.checkReady, e.checkChallenge} {
		if r := check(ctx); r.Status == Failed {
			return r.Fault
		}
	}
	return nil
}

// checkRegistered checks that the tenant knows the client.
func (e *examination) checkRegistered(ctx context.Context) Result {
	if err := Registered(ctx, e.http, e.authority, e.settings.Text("client-id")); err != nil {
		return failed(err)
	}
	return ok("the tenant knows the client")
}

// checkRedirect requests the sign-in page in a way that ends without a user, and reports
// whether the tenant returns to the redirect URI. If it is not registered, the tenant
// shows a page with the code instead.
func (e *examination) checkRedirect(ctx context.Context) Result {
	address, err := url.Parse(e.authority.AuthorizationEndpoint)
	if err != nil {
		return failed(err)
	}
	const verifierHash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" // no code is ever redeemed with it
	address.RawQuery = url.Values{
		"client_id":             {e.settings.Text("client-id")},
		"redirect_uri":          {redirectURI},
		"response_type":         {"code"},
		"response_mode":         {"query"},
		"scope":                 {"openid"},
		"prompt":                {"none"},
		"code_challenge":        {verifierHash},
		"code_challenge_method": {"S256"},
	}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return failed(err)
	}
	client := *e.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return failed(upstream.Fault(err, "cannot reach the sign-in page"))
	}
	defer res.Body.Close()
	if strings.HasPrefix(res.Header.Get("Location"), redirectURI) {
		return ok("the tenant returns to the redirect URI " + redirectURI)
	}
	const most = 256 << 10
	page, err := io.ReadAll(io.LimitReader(res.Body, most))
	code := regexp.MustCompile(`AADSTS[0-9]{4,8}`).Find(page)
	if err != nil || code == nil {
		return skipped("the sign-in page does not say whether the redirect URI is registered")
	}
	return failed(aadsts.FromRedirect("invalid_request", string(code)+": ").Fault("sign in"))
}

// redirectURI is the redirect URI of sign-ins, without its port, which Entra ignores.
const redirectURI = "http://localhost"
