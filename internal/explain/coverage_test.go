package explain_test

import (
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/explain"
)

// TestCodesOfGraphAreKnown: package aadsts has the same test for the codes of Entra.
func TestCodesOfGraphAreKnown(t *testing.T) {
	known := map[string]bool{}
	for _, e := range explain.All() {
		known[e.Code] = true
	}
	for _, code := range []string{
		"Authorization_RequestDenied", "Request_BadRequest", "Request_ResourceNotFound",
		"InvalidAuthenticationToken", "TooManyRequests", "Request_MultipleObjectsWithSameKeyValue",
		"CredentialTypeNotAllowedAsPerAppPolicy", "CredentialInvalidLifetimeAsPerAppPolicy",
		"InvalidUniqueTenantIdentifierAsPerAppPolicy",
	} {
		if !known[code] {
			t.Errorf("%s is not known", code)
		}
	}
}

// TestFindReadsPublicReports has texts in the form in which users publish them.
func TestFindReadsPublicReports(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"a log of .NET (dnn.azureadprovider#112)",
			`WebResponse exception: {"error":"invalid_grant","error_description":"AADSTS9002313: Invalid. ` +
				`Trace ID: 416deea9 Timestamp: 2024-10-03 18:40:55Z","error_codes":[9002313],"ti`,
			"AADSTS9002313",
		},
		{
			"two codes (passport-azure-oauth#6)",
			`(status: 400 data: {"error_description":"AADSTS70002: Error validating credentials. AADSTS70000: The ` +
				`provided access grant is invalid.\r\nTrace ID: 8ccfdad7\r\n","error_codes":[70002,70000]})`,
			"AADSTS70002 AADSTS70000",
		},
		{
			"an extension of an editor (SynapseVSCode#87)",
			"invalid_grant: 50173 - [2026-05-07 13:56:01Z]: AADSTS50173: The provided grant has expired due to it " +
				"being revoked. The grant was issued on '2026-05-05T07:58:49.1784343Z'",
			"AADSTS50173",
		},
		{
			"an error page (rest-api-examples#11)",
			"Request Id: 6d46355c-4817 Correlation Id: 2afae1cf-0a21 Timestamp: 2021-05-02T03:24:52Z Message: " +
				"AADSTS50020: User account from identity provider 'live.com' does not exist in tenant",
			"AADSTS50020",
		},
		{
			"a sign-up (entra-docs#419)",
			`"AADSTS131010: User not allowed by policy conditions."`,
			"AADSTS131010",
		},
	} {
		var got []string
		for _, e := range explain.Find(c.text) {
			got = append(got, e.Code)
			if e.Link == "" {
				t.Errorf("%s: %s has no link", c.name, e.Code)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
