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

// Renew is Silent for a token that an API has refused although it looked good:
// revoked, signed with a withdrawn key, or judged by a clock that differs from
// ours. The cached access tokens, all of which are as doubtful, are given up.
func (c *Client) Renew(ctx context.Context, which Account, scopes []string) (Token, *challenge.Challenge, error) {
	client, err := newMSAL(c.config, signInsOnly{c.config.Store}, c.tenantHTTP())
	if err != nil {
		return Token{}, nil, err
	}
	return c.silent(ctx, client, which, scopes, nil)
}

// signInsOnly is a store whose access tokens MSAL does not get to see.
type signInsOnly struct{ *tokenstore.Store }

var _ cache.ExportReplace = signInsOnly{}

// Replace gives MSAL the stored cache without its access tokens.
func (s signInsOnly) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	return s.Store.Replace(ctx, unmarshalFunc(func(data []byte) error {
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(data, &parts); err != nil {
			return fmt.Errorf("read token cache: %w", err)
		}
		delete(parts, "AccessToken")
		rest, err := json.Marshal(parts)
		if err != nil {
			return fmt.Errorf("write token cache: %w", err)
		}
		return into.Unmarshal(rest)
	}), hints)
}

// unmarshalFunc reads a stored cache.
type unmarshalFunc func([]byte) error

// Unmarshal calls the func.
func (f unmarshalFunc) Unmarshal(data []byte) error { return f(data) }

// ValidUntil returns when the last access token of an account that is in the
// store expires, or the zero time where none is good any more. It uses no
// network. The form of the cache is the one that all MSALs share.
func (c *Client) ValidUntil(ctx context.Context, which Account) (time.Time, error) {
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
			if expires := time.Unix(seconds, 0); err == nil && t.Account == which.ID && expires.After(last) {
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
