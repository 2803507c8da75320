package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// redeem exchanges the code for tokens and saves them, while the store is locked.
func (c *Client) redeem(ctx context.Context, r Request, s secrets, code, redirectURI string) (Token, error) {
	var t Token
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		before, err := c.msal.Accounts(ctx)
		if err != nil {
			return err
		}
		result, err := c.msal.AcquireTokenByAuthCode(ctx, code, redirectURI, r.Scopes,
			public.WithChallenge(s.verifier), public.WithClaims(claimsOf(r.Challenge)))
		if err != nil {
			return err
		}
		t = tokenOf(result)
		return c.verify(ctx, r, s, result, before)
	})
	if notSaved, ok := errors.AsType[*tokenstore.NotSaved](err); ok && t.Access != "" {
		t.NotSaved = notSaved
		return t, nil
	}
	if err != nil {
		return Token{}, rejected(aadsts.FromMSAL(err, "sign in"))
	}
	return t, nil
}

// verify returns a fault if the tokens belong to another sign-in, or to another
// account than the requested one. It removes that account, unless it was signed in
// before.
func (c *Client) verify(
	ctx context.Context,
	r Request,
	s secrets,
	result public.AuthResult,
	before []public.Account,
) error {
	if err := checkNonce(result.IDToken.RawToken, s.nonce); err != nil {
		return errors.Join(err, c.msal.RemoveAccount(ctx, result.Account))
	}
	id := result.Account.HomeAccountID
	if r.Account == nil || r.Account.ID == id {
		return nil
	}
	for _, a := range before {
		if a.HomeAccountID == id {
			return differentAccount()
		}
	}
	return errors.Join(differentAccount(), c.msal.RemoveAccount(ctx, result.Account))
}

// ErrDifferentAccount is the cause of the fault of a sign-in in which a different
// account than the requested one signed in.
var ErrDifferentAccount = errors.New("auth: a different account signed in")

// differentAccount returns the fault of a step-up in which another account signed
// in.
func differentAccount() error {
	return &fault.Error{
		Kind: fault.Denied,
		What: "a different account signed in; nothing was changed",
		Fix:  "run the command again and choose the same account as before",
		Next: fault.DoUseOtherAccount,
		Err:  ErrDifferentAccount,
	}
}

// checkNonce binds the ID token to this sign-in (OpenID Connect Core 3.1.3.7, item
// 11). The token came from the token endpoint over TLS, so its signature need not
// be verified (item 6).
func checkNonce(idToken, nonce string) error {
	mismatch := &fault.Error{
		Kind: fault.Denied,
		What: "the tenant's response belongs to another sign-in",
		Next: fault.DoSignIn,
	}
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
