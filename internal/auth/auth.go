// Package auth manages the signed-in accounts of one tenant and returns access
// tokens for them.
//
// A token is acquired silently, from the cache or with the refresh token, or
// interactively, by a user at a browser. Silent never opens a browser. If a user
// is needed, it returns a claims challenge (a second factor is required) or a
// SignIn fault (no user is signed in), and the caller decides what to do. An
// interactive sign-in works as follows:
//
//	MSAL's authorize URL + state, nonce, PKCE ──▶ Open ──▶ browser ──▶ tenant
//	listener on http://localhost:port ◀── form_post with a code ◀─────────┘
//	MSAL redeems the code, Store saves the tokens, the account is checked,
//	and only then does the browser show the outcome.
//
// MSAL speaks the protocol and keeps the cache. Its own browser helper is not
// used, because a single stray request ends its sign-ins (MSAL Go #365, #596).
package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Config is what a Client needs. All fields but OnHTTPS, RedirectPort and Wait must be
// set.
type Config struct {
	Authority authority.Authority
	ClientID  string            // of the public client's app registration
	Store     *tokenstore.Store // keeps MSAL's cache
	HTTP      *http.Client      // for the token endpoint
	// Open shows the sign-in page to the user. It must not wait for the browser. An
	// error ends the sign-in.
	Open func(ctx context.Context, page Page) error
	// OnHTTPS is called at most once in a sign-in: when a browser tries to return with
	// https, which the redirect URI does not use. The sign-in goes on until its time
	// limit.
	OnHTTPS      func()
	RedirectPort int           // the loopback port; 0 picks a free one
	Wait         time.Duration // limits the wait for the user; 0 is five minutes
	Log          *slog.Logger
}

// Page is the page where a user signs in.
type Page struct {
	URL  string // the tenant's authorize page; it contains the state, but no secret
	Port int    // the loopback port that the browser returns to
}

// Client acquires tokens for the accounts of one tenant. It is safe for
// concurrent use. Only one call at a time uses the token store, also across
// processes.
type Client struct {
	config Config
	msal   public.Client
}

// Token is an access token for one API.
type Token struct {
	Access  string
	Account Account
	Expires time.Time
	Scopes  []string
	// NotSaved is the reason why the token store could not save the new sign-in. The
	// token is valid, but the next process will not find it.
	NotSaved error
}

// defaultWait gives a user time to find a phone and read a code.
const defaultWait = 5 * time.Minute

// New returns a Client. It reads and sends nothing.
func New(config Config) (*Client, error) {
	if config.Wait == 0 {
		config.Wait = defaultWait
	}
	if config.OnHTTPS == nil {
		config.OnHTTPS = func() {}
	}
	c := &Client{config: config}
	var err error
	c.msal, err = c.newMSAL(config.Store, c.tenantHTTP())
	return c, err
}

// tenantHTTP returns an HTTP client that shows MSAL the tenant's endpoints in the
// form that MSAL accepts.
func (c *Client) tenantHTTP() *http.Client {
	client := *c.config.HTTP
	client.Transport = c.config.Authority.Transport(c.config.HTTP.Transport)
	return &client
}

// newMSAL returns an MSAL client with the given cache and HTTP client.
func (c *Client) newMSAL(store cache.ExportReplace, httpClient *http.Client) (public.Client, error) {
	client, err := public.New(c.config.ClientID,
		public.WithAuthority(c.config.Authority.URL),
		public.WithInstanceDiscovery(false), // MSAL Go knows no external tenants (#411)
		public.WithCache(store),
		public.WithHTTPClient(httpClient),
		// cp1 tells APIs that this client understands claims challenges.
		public.WithClientCapabilities([]string{"cp1"}),
	)
	if err != nil {
		return client, fmt.Errorf("make MSAL client: %w", err)
	}
	return client, nil
}

// Accounts returns the signed-in accounts, sorted by name. It uses no network.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var accounts []Account
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := c.msal.Accounts(ctx)
		if err != nil {
			return err
		}
		accounts, err = c.named(ctx, known)
		return err
	})
	slices.SortFunc(accounts, func(a, b Account) int {
		return cmp.Or(strings.Compare(a.Username, b.Username), strings.Compare(a.ID, b.ID))
	})
	if _, lost := errors.AsType[*tokenstore.NotSaved](err); lost {
		return accounts, nil // the list is complete all the same
	}
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

// Forget removes an account and all its tokens from the store. The access tokens
// stay valid until they expire: Entra cannot revoke them.
func (c *Client) Forget(ctx context.Context, account Account) error {
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := c.msal.Accounts(ctx)
		if err != nil {
			return err
		}
		left := 0
		for _, a := range known {
			if a.HomeAccountID != account.ID {
				left++
			} else if err := c.msal.RemoveAccount(ctx, a); err != nil {
				return err
			}
		}
		if left > 0 {
			return nil
		}
		return c.config.Store.Purge(ctx) // MSAL leaves an empty cache
	})
	if err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	return nil
}

// ForgetAll removes every account of the tenant, even if the store is damaged.
func (c *Client) ForgetAll(ctx context.Context) error {
	if err := c.config.Store.Purge(ctx); err != nil {
		return fmt.Errorf("remove accounts: %w", err)
	}
	return nil
}

func tokenOf(r public.AuthResult) Token {
	return Token{
		Access:  r.AccessToken,
		Account: accountOf(r.Account, idToken{Email: r.IDToken.Email, Name: r.IDToken.Name}),
		Expires: r.ExpiresOn,
		Scopes:  r.GrantedScopes,
	}
}

// claimsOf returns the claims request of a challenge that may be nil. MSAL ignores
// an empty one.
func claimsOf(ch *challenge.Challenge) string {
	if ch == nil {
		return ""
	}
	return ch.Claims
}
