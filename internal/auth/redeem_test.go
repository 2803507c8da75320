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
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
)

// changedNonce is a tenant whose ID tokens have another nonce, or none if it is nil, as
// those of another sign-in have whose code was put in place of this one's.
type changedNonce struct {
	next  http.RoundTripper
	nonce any
}

func (c changedNonce) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/token") {
		return res, err
	}
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return nil, err
	}
	if token, ok := body["id_token"].(string); ok {
		parts := strings.Split(token, ".")
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		var claims map[string]any
		if err != nil || json.Unmarshal(raw, &claims) != nil {
			return nil, err
		}
		if delete(claims, "nonce"); c.nonce != nil {
			claims["nonce"] = c.nonce
		}
		raw, _ = json.Marshal(claims) // it was JSON before
		parts[1] = base64.RawURLEncoding.EncodeToString(raw)
		body["id_token"] = strings.Join(parts, ".")
	}
	raw, _ := json.Marshal(body) // it was JSON before
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	return res, nil
}

func TestInteractiveRejectsTheTokensOfAnotherSignIn(t *testing.T) {
	for name, nonce := range map[string]any{"another nonce": "other", "no nonce": nil, "no text": 1} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandbox.Config{})
			w.http = &http.Client{Transport: changedNonce{w.http.Transport, nonce}}
			w.configure(t, func(c *auth.Config) { c.Open = w.open(t) })
			token, err := w.client.Interactive(t.Context(), readScope())
			if f := fault.As(err); err == nil || f.Kind != fault.Denied ||
				f.What != "the tenant's response belongs to another sign-in" || token.Access != "" {
				t.Errorf("got %v", err)
			}
			if accounts, err := w.client.Accounts(t.Context()); err != nil || len(accounts) != 0 {
				t.Errorf("an account is stored: %v, %v", accounts, err)
			}
		})
	}
}
