package auth

import (
	"context"
	"errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Silent returns an access token for scopes of one API without a user: from the
// cache, or with the refresh token. It returns a challenge if a second factor is
// required, and a SignIn fault if the account must sign in again. If ch has
// claims, cached tokens are not used: the API has rejected one with that
// challenge.
func (c *Client) Silent(
	ctx context.Context,
	account Account,
	scopes []string,
	ch *challenge.Challenge,
) (Token, *challenge.Challenge, error) {
	return c.silent(ctx, c.msal, account, scopes, ch)
}

func (c *Client) silent(
	ctx context.Context,
	client public.Client,
	account Account,
	scopes []string,
	ch *challenge.Challenge,
) (Token, *challenge.Challenge, error) {
	var result public.AuthResult
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := find(ctx, client, account)
		if err != nil {
			return err
		}
		result, err = client.AcquireTokenSilent(ctx, scopes,
			public.WithSilentAccount(known), public.WithClaims(claimsOf(ch)))
		return err
	})
	notSaved, lost := errors.AsType[*tokenstore.NotSaved](err)
	switch {
	case err == nil:
		return tokenOf(result), nil, nil
	case lost && result.AccessToken != "":
		t := tokenOf(result)
		t.NotSaved = notSaved
		return t, nil, nil
	case lost:
		return Token{}, nil, notSaved
	default:
		ch, err := silentFailure(err)
		return Token{}, ch, err
	}
}

// silentFailure turns MSAL's error into a challenge if a second factor is enough,
// and into a fault otherwise.
func silentFailure(err error) (*challenge.Challenge, error) {
	f := fault.As(aadsts.FromMSAL(err, "sign in with the stored sign-in"))
	if ch := aadsts.Challenge(f); ch != nil {
		return ch, nil
	}
	if f.Kind == fault.SignIn && f.Next == fault.NoAction { // the code is unknown, and a sign-in may help
		f.Next = fault.DoSignIn
	}
	if f.Kind != fault.Internal {
		return nil, f
	}
	// MSAL has only plain errors for a cache without a usable refresh token.
	return nil, &fault.Error{
		Kind: fault.SignIn,
		What: "the stored sign-in is no longer valid",
		Next: fault.DoSignIn,
		Err:  err,
	}
}

// find returns MSAL's record of an account, or a SignIn fault.
func find(ctx context.Context, client public.Client, account Account) (public.Account, error) {
	known, err := client.Accounts(ctx)
	if err != nil {
		return public.Account{}, err
	}
	for _, a := range known {
		if a.HomeAccountID == account.ID {
			return a, nil
		}
	}
	return public.Account{}, &fault.Error{
		Kind: fault.SignIn,
		What: "no user is signed in",
		Next: fault.DoSignIn,
	}
}
