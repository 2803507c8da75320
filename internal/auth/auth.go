// Package auth holds the signed-in accounts of one tenant and hands out access
// tokens for them.
//
// A token is had silently, from the cache or with the refresh token, or
// interactively, with a person at a browser. Silent never opens anything: where
// a person is needed it returns a claims challenge (a second factor is asked
// for) or a SignIn fault (nobody is signed in), and the caller decides. The way
// of an interactive sign-in:
//
//	MSAL's authorize URL + state, nonce, PKCE ──▶ Open ──▶ browser ──▶ tenant
//	listener on http://localhost:port ◀── form_post with a code ◀─────────┘
//	MSAL redeems the code, Store saves, the account is checked,
//	and only then the browser is told how it ended.
//
// MSAL speaks the protocol and keeps the cache; its own browser helper is not
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
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Config is what a Client needs. Every field without a default must be set.
type Config struct {
	Authority authority.Authority
	ClientID  string            // the public client's app registration
	Store     *tokenstore.Store // where MSAL's cache is kept
	HTTP      *http.Client      // for the token endpoint
	// Open shows the person the sign-in page. It must not wait for the browser.
	// An error ends the sign-in.
	Open         func(ctx context.Context, page Page) error
	RedirectPort int           // the loopback port; 0 picks a free one
	Wait         time.Duration // how long to wait for the browser; 0 is five minutes
	Log          *slog.Logger
}

// Page is where a person signs in.
type Page struct {
	URL  string // the tenant's authorize page; it holds no secret, but a state
	Port int    // the loopback port that the browser comes back to
}

// Client acquires tokens for the accounts of one tenant. It is safe for
// concurrent use; calls that touch the token store wait for each other, also
// across processes.
type Client struct {
	config Config
	msal   public.Client
}

// Account is a signed-in identity.
type Account struct {
	ID       string // "<object id>.<tenant id>": never changes, unlike names
	Username string // what the person knows it by, usually an e-mail address
}

// Token is an access token for one API.
type Token struct {
	Access  string
	Account Account
	Expires time.Time
	Scopes  []string
	// NotSaved is why the token store could not keep the new sign-in; the token
	// is good all the same, for this process.
	NotSaved error
}

// defaultWait gives a person time to find a telephone and read a code.
const defaultWait = 5 * time.Minute

// New returns a Client. Nothing is read or sent yet.
func New(config Config) (*Client, error) {
	if config.Wait == 0 {
		config.Wait = defaultWait
	}
	c := &Client{config: config}
	var err error
	c.msal, err = newMSAL(config, config.Store, c.tenantHTTP())
	return c, err
}

// tenantHTTP makes the tenant's endpoints look as MSAL expects them.
func (c *Client) tenantHTTP() *http.Client {
	client := *c.config.HTTP
	client.Transport = c.config.Authority.Transport(c.config.HTTP.Transport)
	return &client
}

func newMSAL(config Config, store cache.ExportReplace, httpClient *http.Client) (public.Client, error) {
	client, err := public.New(config.ClientID,
		public.WithAuthority(config.Authority.URL),
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

// Accounts returns the signed-in accounts by name, without any network.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var accounts []Account
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := c.msal.Accounts(ctx)
		for _, a := range known {
			accounts = append(accounts, account(a))
		}
		return err
	})
	slices.SortFunc(accounts, func(a, b Account) int {
		return cmp.Or(strings.Compare(a.Username, b.Username), strings.Compare(a.ID, b.ID))
	})
	if _, lost := errors.AsType[*tokenstore.NotSaved](err); lost {
		return accounts, nil // they are known all the same
	}
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

// Forget removes an account and all its tokens from the store. The access
// tokens stay valid until they expire: Entra has no revocation for them.
func (c *Client) Forget(ctx context.Context, which Account) error {
	var left int
	err := c.config.Store.Locked(ctx, func(ctx context.Context) error {
		known, err := c.msal.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, a := range known {
			if a.HomeAccountID != which.ID {
				left++
			} else if err := c.msal.RemoveAccount(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	if left > 0 {
		return nil
	}
	if err := c.config.Store.Purge(ctx); err != nil { // MSAL leaves an empty shell
		return fmt.Errorf("remove account: %w", err)
	}
	return nil
}

// ForgetAll removes every account of the tenant, also from a store that is
// damaged.
func (c *Client) ForgetAll(ctx context.Context) error {
	if err := c.config.Store.Purge(ctx); err != nil {
		return fmt.Errorf("remove accounts: %w", err)
	}
	return nil
}

func account(a public.Account) Account {
	return Account{ID: a.HomeAccountID, Username: a.PreferredUsername}
}

func token(r public.AuthResult) Token {
	return Token{Access: r.AccessToken, Account: account(r.Account), Expires: r.ExpiresOn, Scopes: r.GrantedScopes}
}
