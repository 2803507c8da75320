package bearer_test

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/fault"
)

const (
	tid   = "aaaabbbb-0000-4ccc-1111-dddd2222eeee"
	api   = "11111111-2222-3333-4444-555555555555"
	oid   = "99999999-2222-3333-4444-555555555555"
	scope = "EditProfileService.ReadWrite"
)

// issuer is that of the tenant's v2 tokens.
const issuer = "https://" + tid + ".ciamlogin.com/" + tid + "/v2.0"

// tenant signs tokens without a JOSE library, so that it can create tokens that no
// library would.
type tenant struct {
	mu       sync.Mutex
	key      *rsa.PrivateKey
	kid      string
	down     bool
	body     string // instead of the key set
	delay    time.Duration
	requests int
}

func newTenant(t testing.TB) *tenant {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &tenant{key: key, kid: "k1"}
}

// RoundTrip returns the key set.
func (n *tenant) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-time.After(n.delay):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests++
	keys, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA",
		"use": "sig",
		"kid": n.kid,
		"n":   b64(n.key.N.Bytes()),
		"e":   b64(big.NewInt(int64(n.key.E)).Bytes()),
	}}})
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if n.down {
		status = http.StatusInternalServerError
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(cmp.Or(n.body, string(keys)))),
		Request:    req,
	}, nil
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sign returns a token with the given header and claims.
func (n *tenant) sign(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	head, err1 := json.Marshal(header)
	body, err2 := json.Marshal(claims)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return n.signRaw(t, string(head), string(body))
}

// signRaw returns a token whose parts need not be JSON.
func (n *tenant) signRaw(t testing.TB, head, body string) string {
	t.Helper()
	text := b64([]byte(head)) + "." + b64([]byte(body))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, n.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

// verifier returns a verifier of the tenant's tokens, with changes to its
// configuration.
func (n *tenant) verifier(t testing.TB, configure ...func(*bearer.Config)) *bearer.Verifier {
	t.Helper()
	config := bearer.Config{
		Authority: authority.Authority{
			URL:      "https://" + tid + ".ciamlogin.com/" + tid,
			TenantID: tid,
			Issuer:   issuer,
			JWKSURI:  "https://x/keys",
		},
		ClientID: api,
		Scope:    scope,
		HTTP:     &http.Client{Transport: n},
		Log:      slog.New(slog.DiscardHandler),
	}
	for _, change := range configure {
		change(&config)
	}
	v, err := bearer.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// valid returns the header and the claims of a token that is accepted.
func valid() (header, claims map[string]any) {
	now := time.Now().Unix()
	header = map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"}
	claims = map[string]any{
		"aud": api,
		"iss": issuer,
		"iat": now,
		"nbf": now,
		"exp": now + 3600,
		"azp": "cli",
		"oid": oid,
		"tid": tid,
		"scp": scope,
		"ver": "2.0",
	}
	return header, claims
}

// accepted is the expected Refusal of a valid token.
const accepted = bearer.Missing

// expect verifies the Authorization headers, one a line.
func expect(t *testing.T, v *bearer.Verifier, headers string, want bearer.Refusal) {
	t.Helper()
	caller, ch, err := v.Verify(t.Context(), http.Header{"Authorization": strings.Split(headers, "\n")})
	if want == accepted {
		complete := caller.ID == "oid:"+oid+"."+tid && caller.Client == "cli" && caller.Assertion != ""
		if err != nil || ch != nil || !complete {
			t.Errorf("got %+v, %v, %v", caller, ch, err)
		}
		return
	}
	f := fault.As(err)
	if got, _ := errors.AsType[bearer.Refusal](f.Err); got != want || caller != (bearer.Caller{}) || f.Fix == "" {
		t.Errorf("got %v, want %v", err, want)
	}
	if strings.Contains(f.What, "eyJ") || strings.Contains(f.What, oid) {
		t.Errorf("the message contains parts of the token: %s", f.What)
	}
}
