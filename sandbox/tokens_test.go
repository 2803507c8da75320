package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// signToken signs a token through the control API.
func (c *client) signToken(request string) (signed control.SignedToken, status int) {
	c.t.Helper()
	status, body := c.control(controlKey, "POST", "/tokens", request)
	if err := json.Unmarshal([]byte(body), &signed); status == 200 && err != nil {
		c.t.Fatal(err)
	}
	return signed, status
}

func TestSignedTokensHaveTheRequestedClaims(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for request, want := range map[string]map[string]any{
		`{}`: {"scp": "EditProfileService.ReadWrite", "ver": "2.0", "azp": c.facts.ClientID, "aud": c.facts.MidTierID},
		`{"version":1}`: {
			"ver":   "1.0",
			"iss":   "https://sts.windows.net/" + c.facts.TenantID + "/",
			"appid": c.facts.ClientID,
			"azp":   nil,
			"aud":   "api://" + c.facts.MidTierID,
		},
		`{"claims":{"roles":["admin"],"scp":null,"n":9007199254740993}}`: {"scp": nil, "n": 9007199254740993.0},
		`{"contexts":["c1"]}`:                      {"acrs": "[c1]"},
		`{"appOnly":true}`:                         {"azp": c.facts.WebClientID, "scp": nil},
		`{"idToken":true}`:                         {"aud": c.facts.ClientID, "name": "Casey Jensen"},
		`{"audience":"x","algorithm":"PS256"}`:     {"aud": "x"},
		`{"client":"` + c.facts.WebClientID + `"}`: {"azp": c.facts.WebClientID},
	} {
		signed, status := c.signToken(request)
		if status != 200 || strings.Count(signed.Token, ".") != 2 {
			t.Errorf("%s: got status %d, %+v", request, status, signed)
		}
		for name, value := range want {
			if got := signed.Claims[name]; fmt.Sprint(got) != fmt.Sprint(value) {
				t.Errorf("%s: the claim %s is %v, want %v", request, name, got, value)
			}
		}
	}
}

func TestContradictoryTokensAreRejected(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	for request, want := range map[string]int{
		`{"version":3}`:                         400,
		`{"appOnly":true,"idToken":true}`:       400,
		`{"appOnly":true,"user":"x"}`:           400,
		`{"idToken":true,"scopes":["x"]}`:       400,
		`{"expired":true,"notYetValid":true}`:   400,
		`{"wrongAudience":true,"audience":"x"}`: 400,
		`{"algorithm":"ES256"}`:                 400,
		`{"scopes":["Unknown"]}`:                400,
		`{"expires":true}`:                      400,
		`{"user":"nobody@contoso.example"}`:     404,
		`{"client":"x"}`:                        404,
		`{"api":"api://nowhere"}`:               404,
		`{"api":"https://graph.microsoft.com"}`: 200,
	} {
		if _, status := c.signToken(request); status != want {
			t.Errorf("%s: got %d, want %d", request, status, want)
		}
	}
}
