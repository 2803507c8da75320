package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// remote returns the checks of the tenant and the mid-tier that need no account.
func (e *examination) remote() []Check {
	const (
		settings  = "config.origins"
		discovery = "tenant.discovery"
		reachable = "midtier.reachable"
	)
	return []Check{
		{ID: "net.tls", Needs: []string{settings}, Run: e.checkConnection},
		{ID: discovery, Needs: []string{"net.tls"}, Run: e.checkDiscovery},
		{ID: "tenant.issuer", Needs: []string{discovery}, Run: e.checkIssuer},
		{ID: "client.registered", Needs: []string{discovery}, Run: e.checkRegistered},
		{ID: "client.redirect", Link: pageRedirect, Needs: []string{discovery}, Run: e.checkRedirect},
		{ID: "clock.skew", Needs: []string{"net.tls"}, Run: e.checkClock},
		{ID: "keyring.roundtrip", Needs: []string{discovery}, Run: e.checkStore},
		{ID: reachable, Needs: []string{settings}, Run: e.checkMidTier},
		{ID: "midtier.challenge", Needs: []string{reachable}, Run: e.checkChallenge},
		{ID: "midtier.ready", Needs: []string{reachable}, Run: e.checkReady},
	}
}

// checkConnection connects to the tenant and notes its clock. Any response will do.
func (e *examination) checkConnection(ctx context.Context) Result {
	res, err := e.send(ctx, http.MethodGet, e.form.DiscoveryURL())
	if err != nil {
		return failed(upstream.Fault(err, "cannot reach the tenant"))
	}
	e.received = e.Now()
	e.date, _ = http.ParseTime(res.header.Get("Date")) // zero if there is none
	return ok("connected to " + e.form.Host)
}

func (e *examination) checkDiscovery(ctx context.Context) Result {
	var err error
	if e.authority, err = authority.Discover(ctx, e.http, e.form); err != nil {
		return failed(upstream.Fault(err, "cannot reach the tenant"))
	}
	return ok("the tenant is " + e.authority.TenantID)
}

// checkIssuer compares the issuer with the authority that MSAL uses. Discover has
// validated the rest.
func (e *examination) checkIssuer(context.Context) Result {
	if u, err := url.Parse(e.authority.Issuer); err != nil || u.Scheme != "https" ||
		!strings.Contains(u.Path, e.authority.TenantID) {
		return failed(&fault.Error{
			Kind: fault.Denied,
			What: "the tenant's issuer " + e.authority.Issuer + " does not contain its id",
			Fix:  "check whether a proxy answers instead of the tenant",
		})
	}
	return ok("the issuer is " + e.authority.Issuer)
}

// checkClock compares this machine's clock with the tenant's. Entra tolerates five
// minutes (AADSTS700024).
func (e *examination) checkClock(context.Context) Result {
	const tolerable, noticeable = 5 * time.Minute, time.Minute
	if e.date.IsZero() {
		return skipped("the tenant's response has no date")
	}
	skew := e.received.Sub(e.date).Round(time.Second)
	wrong := &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("this machine's clock differs from the tenant's by %s", skew.Abs()),
		Fix:  "set the clock, or switch on its synchronization",
	}
	switch {
	case skew.Abs() > tolerable:
		return failed(wrong)
	case skew.Abs() > noticeable:
		return warning(wrong)
	}
	return ok("the clock agrees with the tenant's")
}

func (e *examination) checkStore(ctx context.Context) Result {
	kind, err := e.Store(ctx, e.authority)
	if err != nil {
		return failed(err)
	}
	return ok("a value was written to the " + kind + " and read back")
}

// checkMidTier sends the mid-tier a request without a token.
func (e *examination) checkMidTier(ctx context.Context) Result {
	address, err := url.Parse(e.midTier)
	if err != nil || address.Host == "" {
		return skipped("mid-tier is not configured")
	}
	address.Path = strings.TrimSuffix(strings.TrimSuffix(address.Path, "/"), "/updateUserInfo") + "/updateUserInfo"
	if e.challenge, err = e.send(ctx, http.MethodPost, address.String()); err != nil {
		return failed(upstream.Fault(err, "cannot reach the mid-tier"))
	}
	return ok("connected to " + address.Host)
}

// checkChallenge checks the response to a request without a token: Entra's clients
// need the header.
func (e *examination) checkChallenge(context.Context) Result {
	status := e.challenge.status
	switch {
	case status >= http.StatusInternalServerError:
		return skipped("the mid-tier is not ready")
	case status != http.StatusUnauthorized:
		return failed(&fault.Error{
			Kind:    fault.Denied,
			What:    fmt.Sprintf("the mid-tier answers a request without a token with HTTP status %d, not 401", status),
			Fix:     "check the address of the mid-tier, and whether a gateway answers instead of it",
			Setting: "mid-tier",
		})
	case !challenge.Arrived(e.challenge.header):
		return failed(&fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier's responses arrive without WWW-Authenticate, so no step-up can start",
			Fix:  "ask the operator of the mid-tier to let the header pass its gateway or proxy",
		})
	}
	return ok("a request without a token is rejected with a WWW-Authenticate header")
}

func (e *examination) checkReady(context.Context) Result {
	if e.challenge.status >= http.StatusInternalServerError {
		return failed(upstream.Overloaded(
			fmt.Sprintf("the mid-tier answers with HTTP status %d", e.challenge.status),
			&http.Response{StatusCode: e.challenge.status, Header: e.challenge.header}))
	}
	return ok("the mid-tier accepts requests")
}

// response is a response without its body.
type response struct {
	status int
	header http.Header
}

// send sends a request without a token.
func (e *examination) send(ctx context.Context, method, address string) (response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return response{}, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := e.http.Do(req)
	if err != nil {
		return response{}, err
	}
	return response{status: res.StatusCode, header: res.Header}, res.Body.Close()
}
