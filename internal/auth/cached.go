package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// offline is a transport that sends nothing.
type offline struct{}

// RoundTrip returns an error.
func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("offline: no network is used")
}

// Cached returns a valid access token for scopes from the store. ok is false if
// the store has none. Cached uses no network.
func (c *Client) Cached(ctx context.Context, account Account, scopes []string) (t Token, ok bool, err error) {
	client, err := c.newMSAL(c.config.Store, &http.Client{Transport: c.config.Authority.Transport(offline{})})
	if err != nil {
		return Token{}, false, err
	}
	var result public.AuthResult
	err = c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := find(ctx, client, account)
		if err != nil {
			return err
		}
		result, err = client.AcquireTokenSilent(ctx, scopes, public.WithSilentAccount(known))
		if err != nil {
			if f, isFault := errors.AsType[*fault.Error](err); isFault {
				return f
			}
			result = public.AuthResult{} // MSAL needed the network: no cached token is valid
		}
		return nil
	})
	if _, lost := errors.AsType[*tokenstore.NotSaved](err); err != nil && !lost {
		return Token{}, false, err
	}
	return tokenOf(result), result.AccessToken != "", nil
}
