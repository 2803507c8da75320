package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Registered returns a fault if the tenant does not know a client. It requests a device
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
	if e == nil || !hasCode(e, []int{70001, 700011, 700016, 700038}) {
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
