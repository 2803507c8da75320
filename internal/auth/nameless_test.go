package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/sandbox"
)

// nameless is a tenant that sends no preferred_username.
type nameless struct {
	t    *testing.T
	next http.RoundTripper
}

// RoundTrip removes the claim from the ID token of a response. The client does not check
// its signature.
func (n nameless) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := n.next.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/token") || res.StatusCode != http.StatusOK {
		return res, err
	}
	var tokens map[string]any
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil {
		n.t.Error(err)
	}
	if token, ok := tokens["id_token"].(string); ok {
		parts := strings.Split(token, ".")
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			n.t.Error(err)
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			n.t.Error(err)
		}
		delete(claims, "preferred_username")
		parts[1] = base64.RawURLEncoding.EncodeToString(encode(n.t, claims))
		tokens["id_token"] = strings.Join(parts, ".")
	}
	body := encode(n.t, tokens)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

func encode(t *testing.T, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	return raw
}

// TestClientNamesAccountsWithoutAUsername also steps up: without a login hint, the user
// chooses the account on the page.
func TestClientNamesAccountsWithoutAUsername(t *testing.T) {
	w := newWorld(t, sandbox.Config{})
	w.configure(t, func(c *auth.Config) {
		c.HTTP = &http.Client{Transport: nameless{t, w.http.Transport}}
		c.Open = w.open(t)
	})
	signedIn, err := w.client.Interactive(t.Context(), readScope())
	if err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if signedIn.Account.Username != "Casey Jensen" || !strings.Contains(w.page.Text, "Casey Jensen") {
		t.Errorf("signed in as %+v; the page shows %s", signedIn.Account, w.page.Text)
	}
	accounts, err := w.client.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0] != signedIn.Account {
		t.Errorf("the accounts are %+v, %v; want %+v", accounts, err, signedIn.Account)
	}
	edit := auth.Request{Scopes: []string{w.tenant.Facts().EditScope}, Account: &signedIn.Account}
	if _, err := w.client.Interactive(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	<-w.closed
	if got := strings.Join(w.browser.Forms, " "); got != "sign-in form-post account code-form form-post" {
		t.Errorf("the pages were %q", got)
	}
}
