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
	inStd := base64.StdEncoding.EncodeToString([]byte(claims))
	inURL := base64.RawURLEncoding.EncodeToString([]byte(claims))
	list := base64.StdEncoding.EncodeToString([]byte(`[1]`))
	microsoft := `Bearer error="insufficient_claims", claims="` + inStd + `"`
	const standard = `Bearer error="insufficient_user_authentication", `
	want := &challenge.Challenge{Claims: claims}
	fresh := &challenge.Challenge{}
	for _, c := range []struct {
		name  string
		lines []string
		want  *challenge.Challenge
	}{
		{"no header", nil, nil},
		{"invalid_token", []string{`Bearer error="invalid_token"`}, nil},
		{
			"Microsoft's own sample",
			[]string{`Bearer realm="", authorization_uri="https://x/authorize", error="insufficient_claims", ` +
				`claims="` + inStd + `"`},
			want,
		},
		{
			"no space after commas",
			[]string{`Bearer realm="",error="insufficient_claims",claims="` + inStd + `"`}, want,
		},
		{"lower-case scheme", []string{`bearer error="insufficient_claims", claims="` + inStd + `"`}, want},
		{"URL base64 without padding", []string{`Bearer error="insufficient_claims", claims="` + inURL + `"`}, want},
		{"bare values", []string{`Bearer error=insufficient_claims, claims=` + inURL}, want},
		{
			"escaped JSON",
			[]string{`Bearer error="insufficient_claims", ` +
				`claims="{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}"`},
			want,
		},
		{
			"Identity.Web's unescaped JSON",
			[]string{`Bearer consentUri="https://x", claims="` + claims + `", scopes="a,b", proposedAction="consent"`},
			want,
		},
		{"RFC 9470 alone", []string{standard + `acr_values="c1"`}, want},
		{"RFC 9470 with only an age", []string{standard + `max_age=5`}, &challenge.Challenge{MaxAge: 5 * time.Second}},
		{
			"age in addition to Microsoft's claims", []string{microsoft, standard + `max_age="0"`},
			&challenge.Challenge{Claims: claims, MaxAge: time.Second},
		},
		{"invalid age", []string{standard + `max_age="-1"`}, fresh},
		{"Microsoft's claims after RFC 9470's", []string{standard + `acr_values="c9"`, microsoft}, want},
		{"two schemes in one line", []string{`Basic realm="x", ` + microsoft}, want},
		{
			"claims of another scheme",
			[]string{`Digest error="insufficient_claims", claims="` + inStd + `"`}, nil,
		},
		{"claims that are not JSON", []string{`Bearer error="insufficient_claims", claims="%%%"`}, fresh},
		{
			"claims that are not an object",
			[]string{`Bearer error="insufficient_claims", claims="` + list + `"`}, fresh,
		},
		{"missing closing quote", []string{`Bearer error="insufficient_claims", claims="` + inStd}, want},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := challenge.Parse(http.Header{"Www-Authenticate": c.lines})
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

const description = `error_description="A stronger sign-in is required for this change"`

// TestHeaderWritesWhatAzcoreParses compares the first line with the expression by
// which azcore parses it (sdk/azcore/runtime/policy_bearer_token.go, v1.24.0).
func TestHeaderWritesWhatAzcoreParses(t *testing.T) {
	h := http.Header{}
	challenge.ACRS("c1").Header(h, challenge.Issuer{AuthorizationURI: "https://x/authorize", ClientID: "api"})
	lines := h.Values("WWW-Authenticate")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want two", len(lines))
	}
	want := `Bearer realm="", authorization_uri="https://x/authorize", client_id="api", ` +
		`error="insufficient_claims", ` + description + `, ` +
		`claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	if lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	if !regexp.MustCompile(`(?:(\w+) ((?:\w+="[^"]*",?\s*)+))`).MatchString(lines[0]) {
		t.Error("azcore would not parse the line")
	}
	want = `Bearer error="insufficient_user_authentication", ` + description + `, acr_values="c1"`
	if lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
}

func TestHeaderWritesTheAgeInTheStandardFormat(t *testing.T) {
	h := http.Header{}
	(&challenge.Challenge{MaxAge: 5 * time.Minute}).Header(h, challenge.Issuer{})
	want := `Bearer error="insufficient_user_authentication", ` + description + `, max_age="300"`
	if got := h.Values("WWW-Authenticate")[1]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHeaderRemovesQuotesAndLineBreaksFromValues(t *testing.T) {
	h := http.Header{}
	hostile := challenge.Issuer{AuthorizationURI: "x\", error=\"no\r\nSet-Cookie: a", ClientID: `a\"b`}
	(&challenge.Challenge{}).Header(h, hostile)
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
