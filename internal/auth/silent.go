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

// Silent returns an access token for scopes of one API without a person: from
// the cache, or with the refresh token. A challenge, where it returns one, says
// that a second factor is needed; a SignIn fault says that the account has to
// sign in anew. With ch, a cached token is passed over: the API has refused
// it with that challenge.
func (c *Client) Silent(ctx context.Context, which Account, scopes []string, ch *challenge.Challenge) (Token, *challenge.Challenge, error) {
	return c.silent(ctx, c.msal, which, scopes, ch)
}

func (c *Client) silent(ctx context.Context, client public.Client, which Account, scopes []string, ch *challenge.Challenge) (Token, *challenge.Challenge, error) {
	var result public.AuthResult
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := find(ctx, client, which)
		if err != nil {
			return err
		}
		options := []public.AcquireSilentOption{public.WithSilentAccount(known)}
		if ch != nil && ch.Claims != "" {
			options = append(options, public.WithClaims(ch.Claims))
		}
		result, err = client.AcquireTokenSilent(ctx, scopes, options...)
		return err
	})
	notSaved, lost := errors.AsType[*tokenstore.NotSaved](err)
	switch {
	case err == nil || lost && result.AccessToken != "":
		t := token(result)
		if lost {
			t.NotSaved = notSaved
		}
		return t, nil, nil
	case lost:
		return Token{}, nil, notSaved
	}
	ch, err = silentFailure(err)
	return Token{}, ch, err
}

// silentFailure turns MSAL's error into a challenge if a second factor is enough,
// or into a fault.
func silentFailure(err error) (*challenge.Challenge, error) {
	f := fault.As(aadsts.FromMSAL(err, "sign in with the stored sign-in"))
	if ch := aadsts.Challenge(f); ch != nil {
		return ch, nil
	}
	if refusal, ok := errors.AsType[*aadsts.Error](f); ok {
		if refusal.Interactive() {
			f.Kind, f.Fix = fault.SignIn, signIn
		}
		return nil, f
	}
	if f.Kind != fault.Internal {
		return nil, f
	}
	// MSAL has only plain errors for a cache without a usable refresh token.
	return nil, &fault.Error{
		Kind: fault.SignIn,
		What: "the stored sign-in cannot be used any more",
		Fix:  signIn,
		Err:  err,
	}
}

// signIn is the cure for most of what can befall a stored sign-in.
const signIn = "run `profilectl login`"

// find returns MSAL's record of an account.
func find(ctx context.Context, client public.Client, which Account) (public.Account, error) {
	known, err := client.Accounts(ctx)
	if err != nil {
		return public.Account{}, err
	}
	for _, a := range known {
		if a.HomeAccountID == which.ID {
			return a, nil
		}
	}
	return public.Account{}, &fault.Error{Kind: fault.SignIn, What: "nobody is signed in", Fix: signIn}
}
