package auth

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Account is a signed-in identity.
type Account struct {
	ID string // "<object id>.<tenant id>"; unlike the name, it never changes
	// Username is the name of the account for users, and never empty: the sign-in name,
	// usually an email address, or else another name that the tenant sent, or else
	// ShortID. Two accounts may have the same.
	Username string
}

// ShortID returns the start of the ID, which usually suffices to tell accounts apart.
func (a Account) ShortID() string {
	const length = 8
	return a.ID[:min(length, len(a.ID))]
}

// SignInName returns the name that fills in the sign-in page, or an empty string if
// Username is a name that users do not sign in with.
func (a Account) SignInName() string {
	if !strings.Contains(a.Username, "@") || a.isDirectoryName(a.Username) {
		return ""
	}
	return a.Username
}

// isDirectoryName reports whether name is the one that Entra gives to an account whose
// user has none: <object id>@<tenant>.onmicrosoft.com. No user knows it.
func (a Account) isDirectoryName(name string) bool {
	objectID, _, _ := strings.Cut(a.ID, ".")
	local, _, _ := strings.Cut(name, "@")
	withoutHyphens := strings.ReplaceAll(objectID, "-", "")
	return strings.EqualFold(local, objectID) || strings.EqualFold(local, withoutHyphens)
}

// idToken holds the names in an ID token. They are shown, and never decide anything.
type idToken struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// accountOf returns an account with a name. An ID token has preferred_username only if
// the client may read the profile, and if the account has one.
func accountOf(a public.Account, names idToken) Account {
	account := Account{ID: a.HomeAccountID}
	username := printable(a.PreferredUsername)
	if account.isDirectoryName(username) {
		username = ""
	}
	account.Username = cmp.Or(username, printable(names.Email), printable(names.Name), account.ShortID(), "unknown")
	return account
}

// printable returns name without control characters, which could harm a terminal, and
// without space around it.
func printable(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name))
}

// named returns the accounts of MSAL with their names. MSAL keeps only the preferred
// username, so the others come from the ID tokens in its cache, whose format is common
// to MSAL's implementations in all languages.
func (c *Client) named(ctx context.Context, known []public.Account) ([]Account, error) {
	names := map[string]idToken{}
	missing := false
	for _, a := range known {
		missing = missing || accountOf(a, idToken{}).Username != a.PreferredUsername
	}
	if missing {
		err := c.config.Store.Replace(ctx, unmarshalFunc(func(data []byte) (err error) {
			names, err = cachedNames(data)
			return err
		}), cache.ReplaceHints{})
		if err != nil {
			return nil, fmt.Errorf("read ID tokens: %w", err)
		}
	}
	var accounts []Account
	for _, a := range known {
		accounts = append(accounts, accountOf(a, names[a.HomeAccountID]))
	}
	return accounts, nil
}

// cachedNames returns the names in the ID tokens of a cache, by account.
func cachedNames(data []byte) (map[string]idToken, error) {
	var stored struct {
		IDToken map[string]struct {
			Account string `json:"home_account_id"`
			Secret  string `json:"secret"`
		} `json:"IdToken"`
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, fmt.Errorf("read token cache: %w", err)
	}
	names := map[string]idToken{}
	for _, t := range stored.IDToken {
		parts := strings.Split(t.Secret, ".")
		if len(parts) != 3 {
			continue
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		var claims idToken
		if err == nil && json.Unmarshal(payload, &claims) == nil {
			names[t.Account] = claims
		}
	}
	return names, nil
}
