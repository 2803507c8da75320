package explain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/explain"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"number", "50076", "AADSTS50076"},
		{"code", "AADSTS50076", "AADSTS50076"},
		{"code in lower case", "aadsts50076", "AADSTS50076"},
		{"unknown code", "AADSTS399218", "AADSTS399218"},
		{
			"error page",
			"Sorry, but we’re having trouble signing you in.\nAADSTS50011: The redirect URI 'http://127.0.0.1' ...",
			"AADSTS50011",
		},
		{
			"response of the token endpoint",
			`{"error":"invalid_grant","error_description":"AADSTS50076: Due to ...\r\nTrace ID: 12345678-1234-...",` +
				`"error_codes":[50076],"timestamp":"2026-01-02 03:04:05Z"}`,
			"AADSTS50076",
		},
		{"address of Microsoft's page", "https://login.microsoftonline.com/error?code=7000218", "AADSTS7000218"},
		{"response without a description", `{"error":"invalid_client","error_codes": [7000215]}`, "AADSTS7000215"},
		{"error of Graph", `{"error":{"code":"authorization_requestdenied"}}`, "Authorization_RequestDenied"},
		{"OAuth error", "error=invalid_grant", "invalid_grant"},
		{"several codes", "AADSTS50058 then AADSTS65001, and AADSTS50058 again", "AADSTS50058 AADSTS65001"},
		{"date and port", "2026-01-02 http://localhost:30000/ 20260102", ""},
		{"too many digits", "AADSTS123456789", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, e := range explain.Find(c.text) {
				got = append(got, e.Code)
				if e.Link == "" {
					t.Errorf("%s has no link", e.Code)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAllIsComplete(t *testing.T) {
	var codes []string
	for _, e := range explain.All() {
		if e.Fault == nil || e.Cause == "" || e.Link == "" {
			t.Errorf("%s: %+v", e.Code, e)
		}
		if found := explain.Find(e.Code); len(found) != 1 || found[0].Code != e.Code {
			t.Errorf("%s is not found by its code: %+v", e.Code, found)
		}
		if slices.Contains(codes, e.Code) {
			t.Errorf("%s is listed twice", e.Code)
		}
		codes = append(codes, e.Code)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("AADSTS50076: Due to a configuration change")
	f.Add(`{"error_codes":[50076]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range explain.Find(text) {
			if e.Code == "" || e.Link == "" {
				t.Errorf("%q: %+v", text, e)
			}
		}
	})
}
