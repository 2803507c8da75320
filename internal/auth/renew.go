package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Renew is like Silent, but uses no cached access token. It is for an API that has
// rejected a token although it has not expired: the token was revoked, its key was
// withdrawn, or the API's clock differs from ours. The other cached access tokens
// are just as doubtful, so the cache drops them all.
func (c *Client) Renew(ctx context.Context, account Account, scopes []string) (Token, *challenge.Challenge, error) {
	client, err := c.newMSAL(withoutTokens{c.config.Store}, c.tenantHTTP())
	if err != nil {
		return Token{}, nil, err
	}
	return c.silent(ctx, client, account, scopes, nil)
}

// withoutTokens is a store that hides its access tokens from MSAL.
type withoutTokens struct{ *tokenstore.Store }

var _ cache.ExportReplace = withoutTokens{}

// Replace gives MSAL the stored cache without its access tokens.
func (s withoutTokens) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	return s.Store.Replace(ctx, unmarshalFunc(func(data []byte) error {
		rest, _, err := swapTokens(data, nil)
		if err != nil {
			return err
		}
		return into.Unmarshal(rest)
	}), hints)
}

// unmarshalFunc is a function that reads a stored cache.
type unmarshalFunc func([]byte) error

// Unmarshal calls f.
func (f unmarshalFunc) Unmarshal(data []byte) error { return f(data) }

// ValidUntil returns the time when the last cached access token of an account
// expires, or the zero time if all have expired. It uses no network. The format of
// the cache is common to MSAL's implementations in all languages.
func (c *Client) ValidUntil(ctx context.Context, account Account) (time.Time, error) {
	var last time.Time
	err := c.config.Store.Replace(ctx, unmarshalFunc(func(data []byte) error {
		var stored struct {
			AccessToken map[string]struct {
				Account string `json:"home_account_id"`
				Expires string `json:"expires_on"`
			}
		}
		if err := json.Unmarshal(data, &stored); err != nil {
			return fmt.Errorf("read token cache: %w", err)
		}
		for _, t := range stored.AccessToken {
			seconds, err := strconv.ParseInt(t.Expires, 10, 64)
			if expires := time.Unix(seconds, 0); err == nil && t.Account == account.ID && expires.After(last) {
				last = expires
			}
		}
		return nil
	}), cache.ReplaceHints{})
	if err != nil {
		return time.Time{}, fmt.Errorf("read access tokens: %w", err)
	}
	if !last.After(time.Now()) {
		return time.Time{}, nil
	}
	return last.UTC(), nil
}
