package auth

import (
	"context"
	"time"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

// Request is one interactive sign-in.
type Request struct {
	Scopes []string // of one API; the scopes of the sign-in itself are added
	// Account, if set, is the account that must sign in. If a different one does, the
	// sign-in fails and its tokens are not kept.
	Account *Account
	// Challenge, if set, is the claims challenge that the sign-in must satisfy.
	Challenge *challenge.Challenge
	// LoginHint fills in the account name on the page. It is ignored if Account is
	// set.
	LoginHint string
	// Prompt is the parameter of OpenID Connect: login, select_account, create, or
	// empty to let the tenant decide by its session.
	Prompt string
}

// Interactive signs in a user at the browser and returns an access token. It
// returns a fault if the browser reports an error, if the user does not finish
// within Config.Wait, or if a different account than Request.Account signs in.
func (c *Client) Interactive(ctx context.Context, r Request) (Token, error) {
	// If the store cannot be used, fail before the user types a password.
	if err := c.config.Store.Prepare(ctx); err != nil {
		return Token{}, err
	}
	s := newSecrets()
	l, err := listen(ctx, c.config.RedirectPort, s.state, c.config.Log, c.config.OnHTTPS)
	if err != nil {
		return Token{}, err
	}
	t, err := c.throughBrowser(ctx, r, s, l)
	if err != nil {
		l.finish(failurePage(fault.As(err)))
		return Token{}, err
	}
	l.finish(successPage(t.Account.Username, c.config.Authority))
	return t, nil
}

// throughBrowser opens the sign-in page, waits for its response and redeems it.
func (c *Client) throughBrowser(ctx context.Context, r Request, s secrets, l *listener) (Token, error) {
	address, err := c.authorizeURL(ctx, r, s, l.redirectURI())
	if err != nil {
		return Token{}, err
	}
	if err := c.config.Open(ctx, Page{URL: address, Port: l.port}); err != nil {
		return Token{}, notOpened(ctx, err)
	}
	res, err := c.await(ctx, l)
	if err != nil {
		return Token{}, err
	}
	if res.oauthError != "" {
		return Token{}, rejected(aadsts.FromRedirect(res.oauthError, res.description).Fault("sign in"))
	}
	if res.issuer != "" && res.issuer != c.config.Authority.Issuer { // RFC 9207, 2.4
		return Token{}, &fault.Error{
			Kind: fault.Denied,
			What: "the browser returned the response of a different identity provider",
			Fix:  "close all tabs of this sign-in and run the command again",
		}
	}
	return c.redeem(ctx, r, s, res.code, l.redirectURI())
}

// await waits for the browser until the time limit, or until ctx is canceled.
func (c *Client) await(ctx context.Context, l *listener) (response, error) {
	limit := time.NewTimer(c.config.Wait)
	defer limit.Stop()
	select {
	case res := <-l.responses:
		return res, nil
	case <-limit.C:
		return response{}, l.noResponse(c.config.Wait)
	case <-ctx.Done():
		return response{}, canceled(ctx.Err())
	}
}

// canceled returns the fault of a sign-in whose context was canceled.
func canceled(err error) error {
	return &fault.Error{
		Kind: fault.Canceled,
		What: "the sign-in was canceled",
		Fix:  "run the command again to sign in",
		Err:  err,
	}
}
