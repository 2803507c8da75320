package bearer_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

const (
	tid = "aaaabbbb-0000-4ccc-1111-dddd2222eeee"
	api = "11111111-2222-3333-4444-555555555555"
	oid = "99999999-2222-3333-4444-555555555555"
)

// tenant signs tokens by hand, without a JOSE library, so that it can make what
// no library would.
type tenant struct {
	mu    sync.Mutex
	key   *rsa.PrivateKey
	kid   string
	down  bool
	says  string // in place of the key set
	asked int
}

// RoundTrip answers with the key set.
func (n *tenant) RoundTrip(req *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	status, body := 200, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "kid": n.kid, "n": b64(n.key.N.Bytes()), "e": b64(big.NewInt(int64(n.key.E)).Bytes()),
	}}}
	if n.down {
		status = 500
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if n.says != "" {
		raw = []byte(n.says)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(raw))), Request: req}, nil
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (n *tenant) sign(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	head, err1 := json.Marshal(header)
	body, err2 := json.Marshal(claims)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return n.signRaw(t, string(head), string(body))
}

func (n *tenant) signRaw(t *testing.T, head, body string) string {
	t.Helper()
	text := b64([]byte(head)) + "." + b64([]byte(body))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, n.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &tenant{key: key, kid: "k1"}
}

func (n *tenant) verifier(t *testing.T, context string, more ...func(*bearer.Config)) *bearer.Verifier {
	t.Helper()
	config := bearer.Config{
		Authority: authority.Authority{
			URL: "https://" + tid + ".ciamlogin.com/" + tid, TenantID: tid, Issuer: "https://" + tid + ".ciamlogin.com/" + tid + "/v2.0", JWKSURI: "https://x/keys",
		},
		ClientID: api, Scope: "EditProfileService.ReadWrite", AuthContext: context, HTTP: &http.Client{Transport: n}, Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range more {
		change(&config)
	}
	v, err := bearer.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func good() (header, claims map[string]any) {
	now := time.Now().Unix()
	return map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"}, map[string]any{
		"aud": api, "iss": "https://" + tid + ".ciamlogin.com/" + tid + "/v2.0", "iat": now, "nbf": now, "exp": now + 3600,
		"azp": "cli", "oid": oid, "tid": tid, "scp": "EditProfileService.ReadWrite", "ver": "2.0",
	}
}

func TestHostileTokens(t *testing.T) {
	n, stranger := newTenant(t), newTenant(t)
	v := n.verifier(t, "")
	now := time.Now().Unix()
	for _, c := range []struct {
		name           string
		header, claims map[string]any // changes; nil removes
		want           bearer.Refusal // Missing stands for "accepted" here
	}{
		{"a good one", nil, nil, bearer.Missing},
		{"a good v1 one", nil, map[string]any{"iss": "https://sts.windows.net/" + tid + "/", "aud": "api://" + api, "azp": nil, "appid": "cli", "ver": "1.0"}, bearer.Missing},
		{"one of several scopes", nil, map[string]any{"scp": "Other EditProfileService.ReadWrite"}, bearer.Missing},
		{"expired within the leeway", nil, map[string]any{"exp": now - 30}, bearer.Missing},
		{"expired", nil, map[string]any{"exp": now - 90}, bearer.InvalidToken},
		{"not valid yet", nil, map[string]any{"nbf": now + 90}, bearer.InvalidToken},
		{"without an end", nil, map[string]any{"exp": nil}, bearer.InvalidToken},
		{"without a beginning", nil, map[string]any{"nbf": nil}, bearer.InvalidToken},
		{"an end that is no number", nil, map[string]any{"exp": "soon"}, bearer.InvalidToken},
		{"another issuer", nil, map[string]any{"iss": "https://evil.example/" + tid + "/v2.0"}, bearer.InvalidToken},
		{"the issuer with another case", nil, map[string]any{"iss": "https://" + strings.ToUpper(tid) + ".ciamlogin.com/" + tid + "/v2.0"}, bearer.InvalidToken},
		{"no issuer", nil, map[string]any{"iss": nil}, bearer.InvalidToken},
		{"another audience", nil, map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}, bearer.InvalidToken},
		{"two audiences", nil, map[string]any{"aud": []string{api, "other"}}, bearer.InvalidToken},
		{"no audience", nil, map[string]any{"aud": nil}, bearer.InvalidToken},
		{"another tenant", nil, map[string]any{"tid": "bbbbbbbb-0000-4ccc-1111-dddd2222eeee"}, bearer.InvalidToken},
		{"an app's own", nil, map[string]any{"scp": nil, "roles": []string{"EditProfileService.ReadWrite"}, "idtyp": "app"}, bearer.InvalidToken},
		{"an app's own that claims a scope", nil, map[string]any{"idtyp": "app"}, bearer.InvalidToken},
		{"an id token", nil, map[string]any{"scp": nil}, bearer.InvalidToken},
		{"nobody's", nil, map[string]any{"oid": nil}, bearer.InvalidToken},
		{"a scope that begins alike", nil, map[string]any{"scp": "EditProfileService.ReadWrite.All"}, bearer.InsufficientScope},
		{"a scope that ends alike", nil, map[string]any{"scp": "X.EditProfileService.ReadWrite"}, bearer.InsufficientScope},
		{"a scope in another case", nil, map[string]any{"scp": "editprofileservice.readwrite"}, bearer.InsufficientScope},
		{"scopes parted by commas", nil, map[string]any{"scp": "A,EditProfileService.ReadWrite"}, bearer.InsufficientScope},
		{"a look-alike letter", nil, map[string]any{"scp": "EditProfileServic\u0435.ReadWrite"}, bearer.InsufficientScope},
		{"scopes as a list", nil, map[string]any{"scp": []string{"EditProfileService.ReadWrite"}}, bearer.InvalidToken},
		{"no algorithm", map[string]any{"alg": "none"}, nil, bearer.InvalidToken},
		{"an algorithm that was not used", map[string]any{"alg": "PS256"}, nil, bearer.InvalidToken},
		{"another key id", map[string]any{"kid": "k2"}, nil, bearer.InvalidToken},
		{"no key id", map[string]any{"kid": nil}, nil, bearer.InvalidToken},
		{"a key id that is no text", map[string]any{"kid": 1}, nil, bearer.InvalidToken},
		{"critical headers", map[string]any{"crit": []string{"exp"}}, nil, bearer.InvalidToken},
		{"another type", map[string]any{"typ": "logout+jwt"}, nil, bearer.InvalidToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			header, claims := good()
			maps.Copy(header, c.header)
			maps.Copy(claims, c.claims)
			for _, m := range []map[string]any{header, claims} {
				maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
			}
			expect(t, v, "Bearer "+n.sign(t, header, claims), c.want)
		})
	}
	header, claims := good()
	signed := n.sign(t, header, claims)
	parts := strings.Split(signed, ".")
	header["jwk"] = map[string]string{"kty": "RSA", "n": b64(stranger.key.N.Bytes()), "e": "AQAB"}
	header["jku"], header["x5u"] = "https://evil.example/keys", "https://evil.example/cert"
	ownKey := stranger.sign(t, header, claims)
	mac := hmac.New(sha256.New, n.key.N.Bytes())
	head := b64([]byte(`{"alg":"HS256","kid":"k1"}`))
	mac.Write([]byte(head + "." + parts[1]))
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"a stranger's key in the header":      "Bearer " + ownKey,
		"HS256 with the public key":           "Bearer " + head + "." + parts[1] + "." + b64(mac.Sum(nil)),
		"without a signature":                 "Bearer " + parts[0] + "." + parts[1] + ".",
		"two parts":                           "Bearer " + parts[0] + "." + parts[1],
		"four parts":                          "Bearer " + signed + ".x",
		"trailing garbage":                    "Bearer " + signed + "x",
		"padding":                             "Bearer " + parts[0] + "=." + parts[1] + "." + parts[2],
		"another payload":                     "Bearer " + parts[0] + "." + b64([]byte(`{"oid":"eve"}`)) + "." + parts[2],
		"a token in a token":                  "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1","cty":"JWT"}`, `"`+signed+`"`),
		"a token twice":                       "Bearer " + signed + " " + signed,
		"huge":                                "Bearer " + strings.Repeat("a", 20_000),
		"nothing":                             "Bearer ",
		"no space":                            "Bearer" + signed,
		"another scheme":                      "Token " + signed,
		"not UTF-8":                           "Bearer \xff\xfe." + parts[1] + "." + parts[2],
		"a payload that is not JSON":          "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, `hello`),
		"a payload that is null":              "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, `null`),
		"an audience twice":                   "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, strings.Replace(string(text), "{", `{"aud":"other",`, 1)),
		"a tenant twice, in another case":     "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, strings.Replace(string(text), "{", `{"TID":"other",`, 1)),
		"scopes twice, one null":              "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, strings.Replace(string(text), "{", `{"scp":null,`, 1)),
		"a header that is not JSON":           "Bearer " + n.signRaw(t, `hello`, `{}`),
		"claims named in another case":        "Bearer " + n.signRaw(t, `{"alg":"RS256","kid":"k1"}`, `{"AUD":"`+api+`"}`),
		"a signature of another tenant's key": "Bearer " + stranger.sign(t, map[string]any{"alg": "RS256", "kid": "k1"}, claims),
	} {
		t.Run(name, func(t *testing.T) { expect(t, v, value, bearer.InvalidToken) })
	}
	t.Run("the scheme in lower case is fine", func(t *testing.T) { expect(t, v, "bearer "+signed, bearer.Missing) })
	t.Run("two headers", func(t *testing.T) { expect(t, v, "Bearer "+signed+"\n"+"Bearer "+signed, bearer.InvalidToken) })
	if n.asked > 4 { // the start, and what the limit allows unknown keys
		t.Errorf("the keys were fetched %d times", n.asked)
	}
}

// expect verifies a header; lines stand for several.
func expect(t *testing.T, v *bearer.Verifier, header string, want bearer.Refusal) {
	t.Helper()
	caller, ch, err := v.Verify(t.Context(), http.Header{"Authorization": strings.Split(header, "\n")})
	if want == bearer.Missing {
		if err != nil || ch != nil || caller.ID != oid+"."+tid || caller.Client != "cli" || caller.Assertion == "" {
			t.Errorf("got %+v, %v, %v", caller, ch, err)
		}
		return
	}
	f := fault.As(err)
	if got, _ := errors.AsType[bearer.Refusal](f.Err); got != want || caller != (bearer.Caller{}) || f.Fix == "" {
		t.Errorf("got %v, want %v", err, want)
	}
	if strings.Contains(f.What, "eyJ") || strings.Contains(f.What, oid) {
		t.Errorf("the refusal repeats the token: %s", f.What)
	}
}

func TestAMissingContextIsAChallenge(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t, "c1")
	for acrs, ok := range map[string]bool{`["c1"]`: true, `"c1"`: true, `["c2"]`: false, `[]`: false, `"c11"`: false} {
		header, claims := good()
		claims["acrs"] = json.RawMessage(acrs)
		_, ch, err := v.Verify(t.Context(), http.Header{"Authorization": {"Bearer " + n.sign(t, header, claims)}})
		if err != nil || (ch == nil) != ok {
			t.Errorf("%s: got %v, %v", acrs, ch, err)
		}
	}
}

func TestASignInTooLongAgoIsAChallenge(t *testing.T) {
	n := newTenant(t)
	var log bytes.Buffer
	v := n.verifier(t, "", func(c *bearer.Config) {
		c.MaxAge, c.Log = 10*time.Minute, slog.New(slog.NewTextHandler(&log, nil))
	})
	header, claims := good()
	verify := func(header string) *challenge.Challenge {
		t.Helper()
		_, ch, err := v.Verify(t.Context(), http.Header{"Authorization": {header}})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	for ago, ok := range map[time.Duration]bool{0: true, 10 * time.Minute: true, 12 * time.Minute: false, 24 * time.Hour: false} {
		claims["auth_time"] = time.Now().Add(-ago).Unix()
		ch := verify("Bearer " + n.sign(t, header, claims))
		if (ch == nil) != ok || ch != nil && ch.MaxAge != 10*time.Minute {
			t.Errorf("%v ago: got %+v", ago, ch)
		}
	}
	// Nearly too old: known again for as long as it is not.
	claims["auth_time"] = time.Now().Add(-11*time.Minute + 900*time.Millisecond).Unix()
	nearly := "Bearer " + n.sign(t, header, claims)
	verify(nearly)
	for deadline := time.Now().Add(10 * time.Second); verify(nearly) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the age of a token that is remembered does not count")
		}
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
	delete(claims, "auth_time")
	if ch := verify("Bearer " + n.sign(t, header, claims)); ch != nil || !strings.Contains(log.String(), "max-age has no effect") {
		t.Errorf("without auth_time: %+v, log %s", ch, &log)
	}
}

func TestKeysRotateAndOutlastAnOutage(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t, "")
	header, claims := good()
	old := "Bearer " + n.sign(t, header, claims)
	n.down = true
	expect(t, v, old, bearer.Missing)
	n.down = false
	fresh := newTenant(t)
	n.key, n.kid, header["kid"] = fresh.key, "k2", "k2"
	expect(t, v, "Bearer "+n.sign(t, header, claims), bearer.Missing)
	if !v.Ready(t.Context()) {
		t.Error("not ready")
	}
}

func TestATenantThatIsDownAtTheStartIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		n.down = true
		v := n.verifier(t, "")
		header, claims := good()
		token := "Bearer " + n.sign(t, header, claims)
		if v.Ready(t.Context()) {
			t.Error("ready without keys")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if v.Ready(t.Context()) || n.asked != 4 {
			t.Errorf("ready: %v; asked %d times in ten seconds, want at 0, 1, 3 and 7", v.Ready(t.Context()), n.asked)
		}
		n.mu.Lock()
		n.down = false
		n.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !v.Ready(t.Context()) {
			t.Error("not ready, although the tenant is there again")
		}
		expect(t, v, token, bearer.Missing)
	})
}

func TestAnAnswerWithoutKeysLocksNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTenant(t)
		v := n.verifier(t, "")
		header, claims := good()
		for _, empty := range []string{`{"keys":[]}`, `{}`, `<html>`, `{"keys":[{"kty":"RS`} {
			n.mu.Lock()
			n.says, n.asked = empty, 0
			n.mu.Unlock()
			time.Sleep(61 * time.Minute)
			synctest.Wait()
			if n.asked == 0 {
				t.Error("the keys were not asked for")
			}
			now := time.Now().Unix()
			claims["nbf"], claims["exp"] = now, now+60
			expect(t, v, "Bearer "+n.sign(t, header, claims), bearer.Missing)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("Bearer a.b.c")
	f.Add("Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	n := &tenant{key: key, kid: "k1"}
	v, err := bearer.New(f.Context(), bearer.Config{Authority: authority.Authority{TenantID: tid, JWKSURI: "https://x/keys"}, ClientID: api, Scope: "s", HTTP: &http.Client{Transport: n}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if _, _, err := v.Verify(t.Context(), http.Header{"Authorization": {header}}); err == nil {
			t.Errorf("%q was accepted", header)
		}
	})
}
