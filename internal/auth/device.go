package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Prompt holds the instructions for a sign-in on another device (RFC 8628, 3.2).
type Prompt struct {
	Page    string    // the address to open in any browser
	Code    string    // the code to type on that page
	Expires time.Time // when the code expires
}

// Device signs in a user who opens the sign-in page on another device. It passes
// the instructions to show and waits. In external tenants the flow is in preview,
// and the page that the tenant names rejects customers (AADSTS500208). The one
// that works is the tenant's own (learn.microsoft.com, "Sign in users in a
// browserless app"), so Device shows that one.
func (c *Client) Device(ctx context.Context, r Request, show func(Prompt)) (Token, error) {
	if err := c.config.Store.Prepare(ctx); err != nil {
		return Token{}, err
	}
	before, err := c.Accounts(ctx)
	if err != nil {
		return Token{}, err
	}
	span := &lockSpan{store: c.config.Store}
	kept := &polls{next: c.config.HTTP.Transport}
	client, err := c.deviceClient(span, kept)
	if err != nil {
		return Token{}, err
	}
	device, err := client.AcquireTokenByDeviceCode(ctx, r.Scopes, public.WithClaims(claimsOf(r.Challenge)))
	if err != nil {
		return Token{}, rejected(aadsts.FromMSAL(err, "sign in"))
	}
	page, err := c.devicePage()
	if err != nil {
		return Token{}, err
	}
	show(Prompt{Page: page, Code: device.Result.UserCode, Expires: device.Result.ExpiresOn})
	ctx, cancel := context.WithTimeout(ctx, c.config.Wait)
	defer cancel()
	result, err := device.AuthenticationResult(ctx)
	lost := span.release()
	if err != nil {
		return Token{}, deviceFault(ctx, aadsts.WithBody(err, kept.last))
	}
	t := tokenOf(result)
	if notSaved, ok := errors.AsType[*tokenstore.NotSaved](lost); ok {
		t.NotSaved = notSaved
	}
	return t, c.checkAccount(ctx, r, t, before)
}

// deviceClient returns an MSAL client for this flow only. Its store is locked only
// from Replace to Export, because the user may need minutes before. Its token
// endpoint is under the canonical authority: MSAL Go derives the device endpoint
// from it by replacing every "token", which may also be part of a tenant's name.
func (c *Client) deviceClient(span *lockSpan, transport http.RoundTripper) (public.Client, error) {
	a := c.config.Authority
	a.TokenEndpoint = a.URL + "/oauth2/v2.0/token"
	httpClient := *c.config.HTTP
	httpClient.Transport = a.Transport(transport)
	return c.newMSAL(span, &httpClient)
}

// devicePage returns the address of the tenant's own page for user codes.
func (c *Client) devicePage() (string, error) {
	u, err := url.Parse(c.config.Authority.AuthorizationEndpoint)
	if err != nil {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "the address of the tenant's sign-in page is not a URL",
			Next: fault.DoCheckSettings,
			Err:  err,
		}
	}
	return u.Scheme + "://" + u.Host + "/common/oauth2/deviceauth", nil
}

// deviceFault returns the fault of a flow that ended without a token.
func deviceFault(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault.Error{
			Kind: fault.SignIn,
			What: "the code was not entered in time",
			Fix: "run the command again for a new code; if the page showed an error, sign in with a browser " +
				"on this machine, without a device code",
			Err: err,
		}
	case ctx.Err() != nil:
		return canceled(err)
	default:
		return rejectedCode(aadsts.FromMSAL(err, "sign in"))
	}
}

// rejectedCode is like rejected, for a sign-in with a code. A policy can require a
// second factor that the tenant does not ask for in this flow, which is in preview.
func rejectedCode(err error) error {
	if f := fault.As(err); f.Next == fault.DoStepUp {
		return withFix(f, "sign in with a browser that can reach this machine, without a device code")
	}
	return rejected(err)
}

// checkAccount returns a fault if another account than the requested one signed
// in, and removes that account unless it was signed in before.
func (c *Client) checkAccount(ctx context.Context, r Request, t Token, before []Account) error {
	if r.Account == nil || r.Account.ID == t.Account.ID {
		return nil
	}
	for _, a := range before {
		if a.ID == t.Account.ID {
			return differentAccount()
		}
	}
	return errors.Join(differentAccount(), c.Forget(ctx, t.Account))
}
