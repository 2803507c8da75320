package challenge_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/challenge"
)

const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`

func TestParse(t *testing.T) {
	std := base64.StdEncoding.EncodeToString([]byte(claims))
	url := base64.RawURLEncoding.EncodeToString([]byte(claims))
	want := &challenge.Challenge{Claims: claims}
	fresh := &challenge.Challenge{}
	for _, c := range []struct {
		name  string
		lines []string
		want  *challenge.Challenge
	}{
		{"no header", nil, nil},
		{"a plain invalid_token is no challenge", []string{`Bearer error="invalid_token"`}, nil},
		{"Microsoft's own sample", []string{`Bearer realm="", authorization_uri="https://x/authorize", error="insufficient_claims", claims="` + std + `"`}, want},
		{"no space after commas", []string{`Bearer realm="",error="insufficient_claims",claims="` + std + `"`}, want},
		{"lower-case scheme", []string{`bearer error="insufficient_claims", claims="` + std + `"`}, want},
		{"URL base64 without padding", []string{`Bearer error="insufficient_claims", claims="` + url + `"`}, want},
		{"bare values", []string{`Bearer error=insufficient_claims, claims=` + url}, want},
		{"escaped JSON", []string{`Bearer error="insufficient_claims", claims="{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}"`}, want},
		{"Identity.Web's unescaped JSON", []string{`Bearer consentUri="https://x", claims="` + claims + `", scopes="a,b", proposedAction="consent"`}, want},
		{"RFC 9470 alone", []string{`Bearer error="insufficient_user_authentication", acr_values="c1"`}, want},
		{"RFC 9470 with only an age", []string{`Bearer error="insufficient_user_authentication", max_age=5`}, &challenge.Challenge{MaxAge: 5 * time.Second}},
		{"an age beside Microsoft's claims", []string{`Bearer error="insufficient_claims", claims="` + std + `"`, `Bearer error="insufficient_user_authentication", max_age="0"`}, &challenge.Challenge{Claims: claims, MaxAge: time.Second}},
		{"an age that is none", []string{`Bearer error="insufficient_user_authentication", max_age="-1"`}, fresh},
		{"Microsoft's wins over RFC 9470's", []string{`Bearer error="insufficient_user_authentication", acr_values="c9"`, `Bearer error="insufficient_claims", claims="` + std + `"`}, want},
		{"two schemes in one line", []string{`Basic realm="x", Bearer error="insufficient_claims", claims="` + std + `"`}, want},
		{"the claims of another scheme do not count", []string{`Digest error="insufficient_claims", claims="` + std + `"`}, nil},
		{"claims that are not JSON still ask for a fresh sign-in", []string{`Bearer error="insufficient_claims", claims="%%%"`}, fresh},
		{"claims that are not an object", []string{`Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`[1]`)) + `"`}, fresh},
		{"an unclosed quote", []string{`Bearer error="insufficient_claims", claims="` + std}, want},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{"Www-Authenticate": c.lines}
			got := challenge.Parse(h)
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestHeaderSuitsAzcore holds the first line against the expression with which
// azcore (sdk/azcore/runtime/policy_bearer_token.go, v1.24.0) reads it.
func TestHeaderSuitsAzcore(t *testing.T) {
	h := http.Header{}
	challenge.ACRS("c1").Header(h, challenge.Issuer{AuthorizationURI: "https://x/authorize", ClientID: "api"})
	lines := h.Values("WWW-Authenticate")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want two dialects", len(lines))
	}
	want := `Bearer realm="", authorization_uri="https://x/authorize", client_id="api", error="insufficient_claims", ` +
		`error_description="A stronger sign-in is required for this change", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	if lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	if !regexp.MustCompile(`(?:(\w+) ((?:\w+="[^"]*",?\s*)+))`).MatchString(lines[0]) {
		t.Error("azcore would not read it")
	}
	if want := `Bearer error="insufficient_user_authentication", error_description="A stronger sign-in is required for this change", acr_values="c1"`; lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
}

func TestAnAgeIsSaidInTheStandardsDialect(t *testing.T) {
	h := http.Header{}
	(&challenge.Challenge{MaxAge: 5 * time.Minute}).Header(h, challenge.Issuer{})
	if want, got := `Bearer error="insufficient_user_authentication", error_description="A stronger sign-in is required for this change", max_age="300"`, h.Values("WWW-Authenticate")[1]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHeaderKeepsHostileValuesInsideTheirQuotes(t *testing.T) {
	h := http.Header{}
	(&challenge.Challenge{}).Header(h, challenge.Issuer{AuthorizationURI: "x\", error=\"no\r\nSet-Cookie: a", ClientID: `a\"b`})
	if got := challenge.Parse(h); got == nil || got.Claims != "" {
		t.Errorf("got %+v, want a challenge without claims", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`Bearer error="insufficient_claims", claims="eyJ9"`)
	f.Add(`Basic a=b, Bearer claims="{"a":1}", x`)
	f.Add(`Bearer error="insufficient_user_authentication", acr_values="c1", max_age="5"`)
	f.Fuzz(func(t *testing.T, line string) {
		c := challenge.Parse(http.Header{"Www-Authenticate": {line}})
		if c == nil {
			return
		}
		h := http.Header{}
		c.Header(h, challenge.Issuer{})
		if again := challenge.Parse(h); again == nil || *again != *c {
			t.Errorf("%q: %+v came back as %+v", line, c, again)
		}
	})
}
