package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Probe requests an access token without a user, for a check: the tenant decides, not
// the cache, and the token is not kept. The cached tokens stay as they were.
func (c *Client) Probe(
	ctx context.Context,
	account Account,
	scopes []string,
	ch *challenge.Challenge,
) (Token, *challenge.Challenge, error) {
	client, err := c.newMSAL(&probing{Store: c.config.Store}, c.tenantHTTP())
	if err != nil {
		return Token{}, nil, err
	}
	return c.silent(ctx, client, account, scopes, ch)
}

// probing is a store that hides its access tokens from MSAL and keeps no new ones.
type probing struct {
	*tokenstore.Store
	tokens json.RawMessage // the stored ones
}

var _ cache.ExportReplace = (*probing)(nil)

// Replace gives MSAL the stored cache without its access tokens.
func (s *probing) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	return s.Store.Replace(ctx, unmarshalFunc(func(data []byte) error {
		rest, stored, err := swapTokens(data, nil)
		if err != nil {
			return err
		}
		s.tokens = stored
		return into.Unmarshal(rest)
	}), hints)
}

// Export stores MSAL's cache with the access tokens that were stored before.
func (s *probing) Export(ctx context.Context, from cache.Marshaler, hints cache.ExportHints) error {
	return s.Store.Export(ctx, marshalFunc(func() ([]byte, error) {
		data, err := from.Marshal()
		if err != nil {
			return nil, err
		}
		rest, _, err := swapTokens(data, s.tokens)
		return rest, err
	}), hints)
}

// marshalFunc is a function that writes a cache.
type marshalFunc func() ([]byte, error)

// Marshal calls f.
func (f marshalFunc) Marshal() ([]byte, error) { return f() }

// swapTokens replaces the access tokens of a cache, or removes them if tokens is empty.
// It returns the cache and the replaced ones.
func swapTokens(data []byte, tokens json.RawMessage) (with []byte, replaced json.RawMessage, err error) {
	const member = "AccessToken"
	parts := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &parts); err != nil {
		return nil, nil, fmt.Errorf("read token cache: %w", err)
	}
	replaced = parts[member]
	delete(parts, member)
	if len(tokens) > 0 {
		parts[member] = tokens
	}
	if with, err = json.Marshal(parts); err != nil {
		return nil, nil, fmt.Errorf("write token cache: %w", err)
	}
	return with, replaced, nil
}

// HasHad reports whether the store has an access token of an account for a scope, even
// an expired one. It uses no network.
func (c *Client) HasHad(ctx context.Context, account Account, scope string) (bool, error) {
	found := false
	err := c.config.Store.Replace(ctx, unmarshalFunc(func(data []byte) error {
		var stored struct {
			AccessToken map[string]struct {
				Account string `json:"home_account_id"`
				Scopes  string `json:"target"`
			}
		}
		if err := json.Unmarshal(data, &stored); err != nil {
			return fmt.Errorf("read token cache: %w", err)
		}
		for _, t := range stored.AccessToken {
			same := func(s string) bool { return strings.EqualFold(s, scope) }
			if t.Account == account.ID && slices.ContainsFunc(strings.Fields(t.Scopes), same) {
				found = true
			}
		}
		return nil
	}), cache.ReplaceHints{})
	if err != nil {
		return false, fmt.Errorf("read access tokens: %w", err)
	}
	return found, nil
}
