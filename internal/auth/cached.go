package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// errOffline is what a client gets that must not use the network.
var errOffline = errors.New("the network is not to be used")

// offline is a network that is not there.
type offline struct{}

// RoundTrip fails.
func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errOffline }

// Cached returns the access token for scopes that the store has and that is
// still good, without any network; ok is false where there is none.
func (c *Client) Cached(ctx context.Context, which Account, scopes []string) (t Token, ok bool, err error) {
	client, err := newMSAL(c.config, c.config.Store, &http.Client{Transport: c.config.Authority.Transport(offline{})})
	if err != nil {
		return Token{}, false, err
	}
	var result public.AuthResult
	err = c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := find(ctx, client, which)
		if err != nil {
			return err
		}
		result, err = client.AcquireTokenSilent(ctx, scopes, public.WithSilentAccount(known))
		if err != nil {
			if f, isFault := errors.AsType[*fault.Error](err); isFault {
				return f
			}
			result = public.AuthResult{} // no network: nothing cached is good any more
		}
		return nil
	})
	if _, lost := errors.AsType[*tokenstore.NotSaved](err); err != nil && !lost {
		return Token{}, false, err
	}
	return token(result), result.AccessToken != "", nil
}
