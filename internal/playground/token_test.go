package playground_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestMidTierRejectsEveryBrokenToken(t *testing.T) {
	dir := t.TempDir()
	p := start(t, playground.Options{Dir: dir})
	c, err := playground.Connect(dir, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		token  control.TokenRequest
		status int
		want   string // in the WWW-Authenticate header or the body
	}{
		"a good token":         {control.TokenRequest{}, 204, ""},
		"an expired token":     {control.TokenRequest{Expired: true}, 401, "invalid_token"},
		"not yet valid":        {control.TokenRequest{NotYetValid: true}, 401, "invalid_token"},
		"a wrong audience":     {control.TokenRequest{WrongAudience: true}, 401, "invalid_token"},
		"an audience in words": {control.TokenRequest{Audience: "api://other"}, 401, "invalid_token"},
		"a wrong issuer":       {control.TokenRequest{WrongIssuer: true}, 401, "invalid_token"},
		"a wrong tenant":       {control.TokenRequest{WrongTenant: true}, 401, "invalid_token"},
		"a wrong key":          {control.TokenRequest{WrongKey: true}, 401, "invalid_token"},
		"an unknown key":       {control.TokenRequest{UnknownKeyID: true}, 401, "invalid_token"},
		"algorithm none":       {control.TokenRequest{Algorithm: "none"}, 401, "invalid_token"},
		"algorithm HS256":      {control.TokenRequest{Algorithm: "HS256"}, 401, "invalid_token"},
		"an ID token":          {control.TokenRequest{IDToken: true}, 401, "invalid_token"},
		"a token for Graph":    {control.TokenRequest{API: "https://graph.microsoft.com"}, 401, "invalid_token"},
		"an app-only token":    {control.TokenRequest{AppOnly: true}, 401, "invalid_token"},
		"no scope":             {control.TokenRequest{Claims: map[string]any{"scp": nil}}, 401, "invalid_token"},
	} {
		signed, err := c.SignToken(t.Context(), row.token)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		status, answer := update(t, p.MidTier, signed.Token)
		if status != row.status || !strings.Contains(answer, row.want) {
			t.Errorf("%s: got %d %s", name, status, answer)
		}
	}
	if _, err := c.SignToken(t.Context(), control.TokenRequest{Algorithm: "ES256"}); err == nil {
		t.Error("an algorithm that the sandbox does not have was accepted")
	}
}

// update changes a profile through the mid-tier.
func update(t *testing.T, midTier, token string) (int, string) {
	t.Helper()
	body := strings.NewReader(`{"city":"Bern"}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, midTier+"/updateUserInfo", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("WWW-Authenticate") + " " + string(raw)
}
