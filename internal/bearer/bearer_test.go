package bearer_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
)

// changes are header fields or claims to set; a nil value removes one.
type changes map[string]any

func TestVerifierChecksHeaderAndClaims(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	now := time.Now().Unix()
	v1 := changes{
		"iss":   "https://sts.windows.net/" + tid + "/",
		"aud":   "api://" + api,
		"azp":   nil,
		"appid": "cli",
		"ver":   "1.0",
	}
	upperIssuer := "https://" + strings.ToUpper(tid) + ".ciamlogin.com/" + tid + "/v2.0"
	for _, c := range []struct {
		name           string
		header, claims changes
		want           bearer.Refusal
	}{
		{"valid token", nil, nil, accepted},
		{"valid v1 token", nil, v1, accepted},
		{"one of several scopes", nil, changes{"scp": "Other " + scope}, accepted},
		{"expired within the leeway", nil, changes{"exp": now - 30}, accepted},
		{"expired", nil, changes{"exp": now - 90}, bearer.InvalidToken},
		{"not valid yet", nil, changes{"nbf": now + 90}, bearer.InvalidToken},
		{"no exp", nil, changes{"exp": nil}, bearer.InvalidToken},
		{"no nbf", nil, changes{"nbf": nil}, bearer.InvalidToken},
		{"exp that is not a number", nil, changes{"exp": "soon"}, bearer.InvalidToken},
		{"another issuer", nil, changes{"iss": "https://evil.example/" + tid + "/v2.0"}, bearer.InvalidToken},
		{"issuer in another case", nil, changes{"iss": upperIssuer}, bearer.InvalidToken},
		{"no issuer", nil, changes{"iss": nil}, bearer.InvalidToken},
		{"another audience", nil, changes{"aud": "00000003-0000-0000-c000-000000000000"}, bearer.InvalidToken},
		{"two audiences", nil, changes{"aud": []string{api, "other"}}, bearer.InvalidToken},
		{"no audience", nil, changes{"aud": nil}, bearer.InvalidToken},
		{"another tenant", nil, changes{"tid": "bbbbbbbb-0000-4ccc-1111-dddd2222eeee"}, bearer.InvalidToken},
		{"app-only token", nil, changes{"scp": nil, "roles": []string{scope}, "idtyp": "app"}, bearer.InvalidToken},
		{"app-only token with a scope", nil, changes{"idtyp": "app"}, bearer.InvalidToken},
		{"ID token", nil, changes{"scp": nil}, bearer.InvalidToken},
		{"no user", nil, changes{"oid": nil}, bearer.InvalidToken},
		{"scope with a suffix", nil, changes{"scp": scope + ".All"}, bearer.InsufficientScope},
		{"scope with a prefix", nil, changes{"scp": "X." + scope}, bearer.InsufficientScope},
		{"scope in another case", nil, changes{"scp": strings.ToLower(scope)}, bearer.InsufficientScope},
		{"scopes separated by commas", nil, changes{"scp": "A," + scope}, bearer.InsufficientScope},
		{
			"scope with a Cyrillic letter", nil, changes{"scp": "EditProfileServic\u0435.ReadWrite"},
			bearer.InsufficientScope,
		},
		{"scopes as a list", nil, changes{"scp": []string{scope}}, bearer.InvalidToken},
		{"no algorithm", changes{"alg": "none"}, nil, bearer.InvalidToken},
		{"another algorithm than was used", changes{"alg": "PS256"}, nil, bearer.InvalidToken},
		{"unknown key id", changes{"kid": "k2"}, nil, bearer.InvalidToken},
		{"no key id", changes{"kid": nil}, nil, bearer.InvalidToken},
		{"key id that is not a string", changes{"kid": 1}, nil, bearer.InvalidToken},
		{"critical headers", changes{"crit": []string{"exp"}}, nil, bearer.InvalidToken},
		{"another type", changes{"typ": "logout+jwt"}, nil, bearer.InvalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			header, claims := valid()
			maps.Copy(header, c.header)
			maps.Copy(claims, c.claims)
			for _, m := range []map[string]any{header, claims} {
				maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
			}
			expect(t, v, "Bearer "+n.sign(t, header, claims), c.want)
		})
	}
	if n.requests > 4 { // the start, and what the rate limit allows for unknown keys
		t.Errorf("the keys were fetched %d times", n.requests)
	}
}

func TestVerifierRejectsForgedAndMalformedTokens(t *testing.T) {
	n, stranger := newTenant(t), newTenant(t)
	v := n.verifier(t)
	const head = `{"alg":"RS256","kid":"k1"}`
	header, claims := valid()
	signed := n.sign(t, header, claims)
	parts := strings.Split(signed, ".")
	raw, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	// with returns a signed token whose claims start with one more.
	with := func(claim string) string {
		return n.signRaw(t, head, strings.Replace(string(raw), "{", "{"+claim+",", 1))
	}
	header["jwk"] = map[string]string{"kty": "RSA", "n": b64(stranger.key.N.Bytes()), "e": "AQAB"}
	header["jku"], header["x5u"] = "https://evil.example/keys", "https://evil.example/cert"
	ownKey := stranger.sign(t, header, claims)
	mac := hmac.New(sha256.New, n.key.N.Bytes())
	hmacHead := b64([]byte(`{"alg":"HS256","kid":"k1"}`))
	mac.Write([]byte(hmacHead + "." + parts[1]))
	otherKey := stranger.sign(t, map[string]any{"alg": "RS256", "kid": "k1"}, claims)
	for name, token := range map[string]string{
		"a stranger's key in the header":    ownKey,
		"signature with a stranger's key":   otherKey,
		"HS256 with the public key":         hmacHead + "." + parts[1] + "." + b64(mac.Sum(nil)),
		"no signature":                      parts[0] + "." + parts[1] + ".",
		"two parts":                         parts[0] + "." + parts[1],
		"four parts":                        signed + ".x",
		"trailing garbage":                  signed + "x",
		"padding":                           parts[0] + "=." + parts[1] + "." + parts[2],
		"another payload":                   parts[0] + "." + b64([]byte(`{"oid":"eve"}`)) + "." + parts[2],
		"a token within a token":            n.signRaw(t, `{"alg":"RS256","kid":"k1","cty":"JWT"}`, `"`+signed+`"`),
		"a repeated token":                  signed + " " + signed,
		"a token that is too long":          strings.Repeat("a", 20_000),
		"no token":                          "",
		"not UTF-8":                         "\xff\xfe." + parts[1] + "." + parts[2],
		"a payload that is not JSON":        n.signRaw(t, head, `hello`),
		"a payload that is null":            n.signRaw(t, head, `null`),
		"a header that is not JSON":         n.signRaw(t, `hello`, `{}`),
		"a repeated audience":               with(`"aud":"other"`),
		"a repeated tenant in another case": with(`"TID":"other"`),
		"repeated scopes, one null":         with(`"scp":null`),
		"a claim named in another case":     n.signRaw(t, head, `{"AUD":"`+api+`"}`),
	} {
		t.Run(name, func(t *testing.T) { expect(t, v, "Bearer "+token, bearer.InvalidToken) })
	}
	t.Run("lower-case scheme", func(t *testing.T) { expect(t, v, "bearer "+signed, accepted) })
	for name, headers := range map[string]string{
		"no space":       "Bearer" + signed,
		"another scheme": "Token " + signed,
		"two headers":    "Bearer " + signed + "\n" + "Bearer " + signed,
	} {
		t.Run(name, func(t *testing.T) { expect(t, v, headers, bearer.InvalidToken) })
	}
	if n.requests > 4 { // the start, and what the rate limit allows for unknown keys
		t.Errorf("the keys were fetched %d times", n.requests)
	}
}

func TestVerifierChallengesIfTheAuthContextIsMissing(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t, func(c *bearer.Config) { c.AuthContext = "c1" })
	for acrs, ok := range map[string]bool{
		`["c1"]`: true,
		`"c1"`:   true,
		`["c2"]`: false,
		`[]`:     false,
		`"c11"`:  false,
	} {
		header, claims := valid()
		claims["acrs"] = json.RawMessage(acrs)
		_, ch, err := v.Verify(t.Context(), http.Header{"Authorization": {"Bearer " + n.sign(t, header, claims)}})
		if err != nil || (ch == nil) != ok {
			t.Errorf("%s: got %v, %v", acrs, ch, err)
		}
	}
}

func TestVerifierChallengesIfTheSignInIsTooOld(t *testing.T) {
	n := newTenant(t)
	var log bytes.Buffer
	v := n.verifier(t, func(c *bearer.Config) {
		c.MaxAge, c.Log = 10*time.Minute, slog.New(slog.NewTextHandler(&log, nil))
	})
	header, claims := valid()
	verify := func(token string) *challenge.Challenge {
		t.Helper()
		_, ch, err := v.Verify(t.Context(), http.Header{"Authorization": {"Bearer " + token}})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	for age, ok := range map[time.Duration]bool{
		0:                true,
		10 * time.Minute: true,
		12 * time.Minute: false,
		24 * time.Hour:   false,
	} {
		claims["auth_time"] = time.Now().Add(-age).Unix()
		ch := verify(n.sign(t, header, claims))
		if (ch == nil) != ok || ch != nil && ch.MaxAge != 10*time.Minute {
			t.Errorf("%v ago: got %+v", age, ch)
		}
	}
	// This token becomes too old soon, and must not stay in the cache for longer.
	claims["auth_time"] = time.Now().Add(-11*time.Minute + 900*time.Millisecond).Unix()
	aging := n.sign(t, header, claims)
	verify(aging)
	for deadline := time.Now().Add(10 * time.Second); verify(aging) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the age of a cached token is not checked")
		}
	}
	if log.Len() > 0 {
		t.Errorf("the log contains %s", &log)
	}
	delete(claims, "auth_time")
	ch := verify(n.sign(t, header, claims))
	if ch != nil || !strings.Contains(log.String(), "max-age has no effect") {
		t.Errorf("no auth_time: %+v, log %s", ch, &log)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("Bearer a.b.c")
	f.Add("Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA")
	v, err := bearer.New(f.Context(), bearer.Config{
		Authority: authority.Authority{TenantID: tid, JWKSURI: "https://x/keys"},
		ClientID:  api,
		Scope:     "s",
		HTTP:      &http.Client{Transport: newTenant(f)},
		Log:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if _, _, err := v.Verify(t.Context(), http.Header{"Authorization": {header}}); err == nil {
			t.Errorf("%q was accepted", header)
		}
	})
}
