package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
)

// secrets are the random values of one sign-in. The verifier does not leave the
// process before the code is redeemed. The state and the verifier's hash are part
// of the URL, so other processes may see them in the browser's arguments.
type secrets struct{ state, nonce, verifier string }

func newSecrets() secrets {
	return secrets{state: rand.Text(), nonce: rand.Text(), verifier: newVerifier()}
}

// newVerifier returns a PKCE code verifier of 43 characters, 256 bits (RFC 7636,
// 4.1).
func newVerifier() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// authorizeURL returns MSAL's authorize URL with the parameters that MSAL adds
// only in its own browser helper.
func (c *Client) authorizeURL(ctx context.Context, r Request, s secrets, redirectURI string) (string, error) {
	hint := r.LoginHint
	if r.Account != nil {
		hint = r.Account.SignInName()
	}
	scopes := append([]string{"openid", "profile", "offline_access"}, r.Scopes...)
	address, err := c.msal.AuthCodeURL(ctx, c.config.ClientID, redirectURI, scopes,
		public.WithClaims(claimsOf(r.Challenge)), public.WithLoginHint(hint))
	if err != nil {
		return "", aadsts.FromMSAL(err, "prepare the sign-in")
	}
	sum := sha256.Sum256([]byte(s.verifier))
	more := url.Values{
		"state":                 {s.state},
		"nonce":                 {s.nonce},
		"response_mode":         {"form_post"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(sum[:])},
		"code_challenge_method": {"S256"},
	}
	switch {
	case r.Prompt != "":
		more.Set("prompt", r.Prompt)
	case r.Challenge != nil && r.Challenge.MaxAge > 0: // the browser's session may be older
		more.Set("prompt", "login")
	case r.Account != nil && hint == "": // the browser's session may be that of another account
		more.Set("prompt", "select_account")
	}
	return addParams(address, more)
}

// addParams returns the address with more query parameters.
func addParams(address string, more url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read authorize URL: %w", err)
	}
	q := u.Query()
	maps.Copy(q, more)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
