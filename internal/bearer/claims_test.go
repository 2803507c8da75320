package bearer_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/bearer"
)

// number is a JSON number as it is written in a token.
func number(text string) json.RawMessage { return json.RawMessage(text) }

func TestVerifierReadsClaimsStrictly(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	soon := time.Now().Add(time.Hour).Unix()
	for _, c := range []struct {
		name           string
		header, claims changes
		want           bearer.Refusal
	}{
		{"exp with a fraction", nil, changes{"exp": number(strconv.FormatInt(soon, 10) + ".5")}, accepted},
		{"exp as digits in a string", nil, changes{"exp": strconv.FormatInt(soon, 10)}, bearer.InvalidToken},
		{"exp that overflows", nil, changes{"exp": number("1e300")}, bearer.InvalidToken},
		{"exp that no float can hold", nil, changes{"exp": number("1e999")}, bearer.InvalidToken},
		{"exp in the last second of the year 9999", nil, changes{"exp": number("253402300799")}, accepted},
		{"exp in the year 10000", nil, changes{"exp": number("253402300800")}, bearer.InvalidToken},
		{"exp that is null", nil, changes{"exp": number("null")}, bearer.InvalidToken},
		{"exp in a list", nil, changes{"exp": []int64{soon}}, bearer.InvalidToken},
		{"nbf before 1970", nil, changes{"nbf": -1}, bearer.InvalidToken},
		{"nbf that is true", nil, changes{"nbf": true}, bearer.InvalidToken},
		{"iat as a string", nil, changes{"iat": "0"}, bearer.InvalidToken},
		{"auth_time as a string", nil, changes{"auth_time": "0"}, bearer.InvalidToken},
		{"auth_time before 1970", nil, changes{"auth_time": -5}, bearer.InvalidToken},
		{"exp in another case", nil, changes{"exp": nil, "Exp": soon}, bearer.InvalidToken},
		{"scopes in another case", nil, changes{"scp": nil, "SCP": scope}, bearer.InvalidToken},
		{"audience in another case", nil, changes{"aud": nil, "Aud": api}, bearer.InvalidToken},
		{"user in another case", nil, changes{"oid": nil, "OID": oid}, bearer.InvalidToken},
		{"issuer that is null", nil, changes{"iss": number("null")}, bearer.InvalidToken},
		{"audiences with a null", nil, changes{"aud": number(`[null]`)}, bearer.InvalidToken},
		{"audience that is a number", nil, changes{"aud": 1}, bearer.InvalidToken},
		{"an unknown claim", nil, changes{"xms_ftd": map[string]any{"a": nil}}, accepted},
		{"type of RFC 9068", changes{"typ": "at+jwt"}, nil, accepted},
		{"no type", changes{"typ": nil}, nil, accepted},
		{"type in another case", changes{"typ": "jwt"}, nil, bearer.InvalidToken},
		{"type that is not a string", changes{"typ": 1}, nil, bearer.InvalidToken},
		{"token of a user, by idtyp", nil, changes{"idtyp": "user"}, accepted},
		{"app-only token in another case", nil, changes{"idtyp": "App"}, bearer.InvalidToken},
		{"app-only token with a space", nil, changes{"idtyp": "app "}, bearer.InvalidToken},
		{"token of a device", nil, changes{"idtyp": "device"}, bearer.InvalidToken},
		{"idtyp that is not a string", nil, changes{"idtyp": []string{"user"}}, bearer.InvalidToken},
		{"client id in another case", nil, changes{"aud": strings.ToUpper(api)}, accepted},
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
}

func TestVerifierRejectsRepeatedNames(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	const head = `{"alg":"RS256","kid":"k1"}`
	_, claims := valid()
	raw, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	body := string(raw)
	after := func(text string) string { return strings.TrimSuffix(body, "}") + "," + text + "}" }
	for name, token := range map[string]string{
		"the same audience twice":        n.signRaw(t, head, after(`"aud":"`+api+`"`)),
		"a name with an escape":          n.signRaw(t, head, after(`"t\u0069d":"other"`)),
		"an unknown claim twice":         n.signRaw(t, head, after(`"x":1,"x":2`)),
		"text after the claims":          n.signRaw(t, head, body+"{}"),
		"a key id twice":                 n.signRaw(t, `{"alg":"RS256","kid":"other","kid":"k1"}`, body),
		"an algorithm twice":             n.signRaw(t, `{"alg":"none","alg":"RS256","kid":"k1"}`, body),
		"claims in a list":               n.signRaw(t, head, "["+body+"]"),
		"a claim in two different cases": n.signRaw(t, head, after(`"Exp":1`)),
	} {
		t.Run(name, func(t *testing.T) { expect(t, v, "Bearer "+token, bearer.InvalidToken) })
	}
	expect(t, v, "Bearer "+n.signRaw(t, head, body), accepted)
}

// TestVerifierAcceptsConfiguredAudiences has the forms of App ID URIs that Entra allows.
// A v1 token has the App ID URI as its audience.
func TestVerifierAcceptsConfiguredAudiences(t *testing.T) {
	n := newTenant(t)
	uris := []string{
		"api://" + api,
		"api://" + tid + "/" + api,
		"api://" + api + "/",
		"https://contoso.onmicrosoft.com/edit-profile",
		"api://contoso/profile",
	}
	v := n.verifier(t, func(c *bearer.Config) { c.Audiences = uris })
	token := func(audience string) string {
		header, claims := valid()
		maps.Copy(claims, changes{
			"iss":   "https://sts.windows.net/" + tid + "/",
			"aud":   audience,
			"appid": "cli",
			"azp":   "",
			"ver":   "1.0",
		})
		return "Bearer " + n.sign(t, header, claims)
	}
	for _, uri := range uris {
		expect(t, v, token(uri), accepted)
		if uri != uris[0] {
			expect(t, n.verifier(t), token(uri), bearer.InvalidToken) // it is not configured
		}
	}
	expect(t, v, token("api://"+strings.ToUpper(api)), accepted)
	for name, audience := range map[string]string{
		"the client id, which is not in the list": api,
		"an App ID URI in another case":           "https://contoso.onmicrosoft.com/Edit-Profile",
		"a prefix of an App ID URI":               "https://contoso.onmicrosoft.com",
		"nothing":                                 "",
	} {
		t.Run(name, func(t *testing.T) { expect(t, v, token(audience), bearer.InvalidToken) })
	}
}

// Without the scope profile, a token has neither oid nor tid.
func TestVerifierIdentifiesUsersWithoutAnObjectIDBySubject(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t)
	for _, row := range []struct {
		changes changes
		want    string
	}{
		{changes{"oid": nil, "tid": nil, "sub": "AAAAbbbb-pairwise"}, "sub:AAAAbbbb-pairwise." + tid},
		{changes{"oid": nil, "sub": oid}, "sub:" + oid + "." + tid}, // not the user with this object id
		{changes{"oid": oid, "sub": "AAAAbbbb-pairwise"}, "oid:" + oid + "." + tid},
	} {
		header, claims := valid()
		maps.Copy(claims, row.changes)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		h := http.Header{"Authorization": {"Bearer " + n.sign(t, header, claims)}}
		caller, ch, err := v.Verify(t.Context(), h)
		if err != nil || ch != nil || caller.ID != row.want {
			t.Errorf("%v: got %+v, %v, %v", row.changes, caller, ch, err)
		}
	}
}

func TestVerifierChallengesASignInInTheFuture(t *testing.T) {
	n := newTenant(t)
	v := n.verifier(t, func(c *bearer.Config) { c.MaxAge = 10 * time.Minute })
	for ahead, recent := range map[time.Duration]bool{
		30 * time.Second: true, // within the allowed difference between clocks
		2 * time.Minute:  false,
		24 * time.Hour:   false,
	} {
		header, claims := valid()
		claims["auth_time"] = time.Now().Add(ahead).Unix()
		h := http.Header{"Authorization": {"Bearer " + n.sign(t, header, claims)}}
		_, ch, err := v.Verify(t.Context(), h)
		if err != nil || (ch == nil) != recent || ch != nil && ch.MaxAge != 10*time.Minute {
			t.Errorf("%v ahead: got %+v, %v", ahead, ch, err)
		}
	}
}
