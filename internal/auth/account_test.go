package auth

import (
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

func TestAccountsAlwaysHaveAName(t *testing.T) {
	const (
		object = "02a90fac-c8d5-4b18-b7ac-27d984e7bbd4"
		id     = object + ".cd62984d-e227-4375-9cfb-48eeb751d0db"
	)
	directory := strings.ReplaceAll(object, "-", "") + "@contoso.onmicrosoft.com"
	for _, c := range []struct {
		name, preferred string
		token           idToken
		want, hint      string
	}{
		{"preferred username", "casey@x.com", idToken{"c@x.com", "Casey"}, "casey@x.com", "casey@x.com"},
		{"only an email address", "", idToken{"c@x.com", "Casey"}, "c@x.com", "c@x.com"},
		{"only a name", "", idToken{"", "Casey Jensen"}, "Casey Jensen", ""},
		{"a name of control characters", "", idToken{"", "\x1b\u202e"}, "02a90fac", ""},
		{"a name with control characters", "", idToken{"", "Ca\x1b[31msey "}, "Ca[31msey", ""},
		{"no name", "", idToken{}, "02a90fac", ""},
		{"a telephone number", "+15550100", idToken{}, "+15550100", ""},
		{"a name of the directory", object + "@contoso.onmicrosoft.com", idToken{"c@x.com", ""}, "c@x.com", "c@x.com"},
		{"a name of the directory without hyphens", directory, idToken{}, "02a90fac", ""},
	} {
		got := accountOf(public.Account{HomeAccountID: id, PreferredUsername: c.preferred}, c.token)
		if got.ID != id || got.Username != c.want || got.SignInName() != c.hint {
			t.Errorf("%s: got %+v with the hint %q, want %q and %q", c.name, got, got.SignInName(), c.want, c.hint)
		}
	}
	if got := accountOf(public.Account{}, idToken{}); got.Username == "" {
		t.Error("an account without an ID has no name")
	}
}
