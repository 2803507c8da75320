package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Request is one interactive sign-in.
type Request struct {
	Scopes []string // of one API; the sign-in itself is asked for as well
	// Account, if set, is who must sign in: a step-up for somebody else is
	// refused, and nothing of that stranger's is kept.
	Account *Account
	// Challenge is the claims challenge that the sign-in is to satisfy, if any.
	Challenge *challenge.Challenge
	// LoginHint fills in the account on the page. A step-up uses the account's.
	LoginHint string
	// Prompt is OpenID Connect's parameter: login, select_account, create, or
	// empty to let the tenant's session decide.
	Prompt string
}

// secrets belong to one sign-in. The verifier never leaves the process before
// the code is redeemed; state and challenge may be seen in the browser's argv.
type secrets struct{ state, nonce, verifier string }

func newSecrets() secrets {
	return secrets{state: rand.Text(), nonce: rand.Text(), verifier: verifier()}
}

// verifier is a PKCE code verifier of 43 characters, 256 bits (RFC 7636, 4.1).
func verifier() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Interactive signs a person in at their browser and returns an access token.
// It ends with a fault when the browser says no, when nobody answers within
// Config.Wait, or when somebody else than Request.Account signed in.
func (c *Client) Interactive(ctx context.Context, r Request) (Token, error) {
	if err := c.config.Store.Prepare(ctx); err != nil {
		return Token{}, err // before a person types anything in vain
	}
	s := newSecrets()
	l, err := listen(ctx, c.config.RedirectPort, s.state, c.config.Log)
	if err != nil {
		return Token{}, err
	}
	t, err := c.throughBrowser(ctx, r, s, l)
	if err != nil {
		f := fault.As(err)
		l.finish(failure(f.What, f.Fix))
		return Token{}, err
	}
	l.finish(success(t.Account.Username, c.config.Authority))
	return t, nil
}

func (c *Client) throughBrowser(ctx context.Context, r Request, s secrets, l *listener) (Token, error) {
	address, err := c.authorizeURL(ctx, r, s, l.redirectURI())
	if err != nil {
		return Token{}, err
	}
	if err := c.config.Open(ctx, Page{URL: address, Port: l.port}); err != nil {
		return Token{}, err
	}
	a, err := c.await(ctx, l)
	if err != nil {
		return Token{}, err
	}
	if a.oauthError != "" {
		return Token{}, aadsts.FromRedirect(a.oauthError, a.description).Fault("sign in")
	}
	if a.issuer != "" && a.issuer != c.config.Authority.Issuer { // RFC 9207, 2.4
		return Token{}, &fault.Error{Kind: fault.Denied, What: "the browser brought back the answer of another identity provider", Fix: "close all tabs of this sign-in and run the command again"}
	}
	return c.redeem(ctx, r, s, a.code, l.redirectURI())
}

// authorizeURL is MSAL's, with what MSAL leaves to its own browser helper.
func (c *Client) authorizeURL(ctx context.Context, r Request, s secrets, redirectURI string) (string, error) {
	options := []public.AuthCodeURLOption{}
	if r.Challenge != nil && r.Challenge.Claims != "" {
		options = append(options, public.WithClaims(r.Challenge.Claims))
	}
	hint := r.LoginHint
	if r.Account != nil {
		hint = r.Account.Username
	}
	if hint != "" {
		options = append(options, public.WithLoginHint(hint))
	}
	scopes := append([]string{"openid", "profile", "offline_access"}, r.Scopes...)
	address, err := c.msal.AuthCodeURL(ctx, c.config.ClientID, redirectURI, scopes, options...)
	if err != nil {
		return "", aadsts.FromMSAL(err, "prepare the sign-in")
	}
	sum := sha256.Sum256([]byte(s.verifier))
	more := url.Values{
		"state": {s.state}, "nonce": {s.nonce}, "response_mode": {"form_post"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	switch {
	case r.Prompt != "":
		more.Set("prompt", r.Prompt)
	case r.Challenge != nil && r.Challenge.MaxAge > 0: // the browser's session may be older
		more.Set("prompt", "login")
	}
	return addParams(address, more)
}

// await waits for the browser, the time limit, or Ctrl-C.
func (c *Client) await(ctx context.Context, l *listener) (answer, error) {
	limit := time.NewTimer(c.config.Wait)
	defer limit.Stop()
	select {
	case a := <-l.answers:
		return a, nil
	case <-limit.C:
		return answer{}, &fault.Error{
			Kind: fault.SignIn, What: fmt.Sprintf("no answer came from the browser within %s", c.config.Wait),
			Fix: "run the command again; if no page opened, add --no-browser and open the printed address yourself",
		}
	case <-ctx.Done():
		return answer{}, &fault.Error{Kind: fault.Canceled, What: "the sign-in was stopped", Fix: "run the command again to sign in", Err: ctx.Err()}
	}
}

// redeem turns the code into tokens and saves them, under the store's lock,
// and makes sure that the right person signed in.
func (c *Client) redeem(ctx context.Context, r Request, s secrets, code, redirectURI string) (Token, error) {
	var t Token
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		before, err := c.msal.Accounts(ctx)
		if err != nil {
			return err
		}
		options := []public.AcquireByAuthCodeOption{public.WithChallenge(s.verifier)}
		if r.Challenge != nil && r.Challenge.Claims != "" {
			options = append(options, public.WithClaims(r.Challenge.Claims))
		}
		result, err := c.msal.AcquireTokenByAuthCode(ctx, code, redirectURI, r.Scopes, options...)
		if err != nil {
			return err
		}
		t = token(result)
		if err := checkNonce(result.IDToken.RawToken, s.nonce); err != nil {
			return errors.Join(err, c.msal.RemoveAccount(ctx, result.Account))
		}
		if r.Account == nil || r.Account.ID == t.Account.ID {
			return nil
		}
		for _, a := range before {
			if a.HomeAccountID == t.Account.ID {
				return stranger() // was signed in here before, so keep it
			}
		}
		return errors.Join(stranger(), c.msal.RemoveAccount(ctx, result.Account))
	})
	if notSaved, ok := errors.AsType[*tokenstore.NotSaved](err); ok && t.Access != "" {
		t.NotSaved = notSaved
		return t, nil
	}
	if err == nil {
		return t, nil
	}
	return Token{}, aadsts.FromMSAL(err, "sign in")
}

// stranger is the fault of a step-up that another account answered.
func stranger() error {
	return &fault.Error{
		Kind: fault.Denied, What: "somebody else signed in at the browser than the account that was asked for",
		Fix: "run the command again and choose the same account, or run `profilectl login` to change accounts",
	}
}

// checkNonce binds the id token to this sign-in (OpenID Connect Core 3.1.3.7,
// 11). The token came over TLS from the token endpoint, so its signature need
// not be checked (item 6).
func checkNonce(idToken, nonce string) error {
	mismatch := &fault.Error{Kind: fault.Denied, What: "the tenant's answer belongs to another sign-in", Fix: "run `profilectl login` again"}
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return mismatch
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return mismatch
	}
	var claims struct {
		Nonce string `json:"nonce"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Nonce != nonce {
		return mismatch
	}
	return nil
}
