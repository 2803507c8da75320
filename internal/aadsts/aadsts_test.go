package aadsts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
)

// The bodies follow those published by Microsoft and in public issues, with
// ids replaced; see testdata/wire for whole ones.
const refused = `{"error":"invalid_grant","error_description":"AADSTS50076: Due to a configuration change ...","error_codes":[50076],
"correlation_id":"1c2d3e4f-0000-4000-8000-000000000000","suberror":"basic_action","claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"x\"]}}}"}`

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, body  string
		want        *aadsts.Error
		interactive bool
		stepUp      bool
		kind        fault.Kind
	}{
		{"MFA refusal of a refresh token", refused, &aadsts.Error{
			OAuth: "invalid_grant", Suberror: "basic_action", Codes: []int{50076}, CorrelationID: "1c2d3e4f-0000-4000-8000-000000000000",
			Claims: `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`}, true, true, fault.StepUp},
		{"MFA refusal without claims or suberror", `{"error":"interaction_required","error_codes":[50079]}`,
			&aadsts.Error{OAuth: "interaction_required", Codes: []int{50079}}, true, true, fault.StepUp},
		{"a revoked sign-in", `{"error":"invalid_grant","error_codes":[50173]}`,
			&aadsts.Error{OAuth: "invalid_grant", Codes: []int{50173}}, true, false, fault.SignIn},
		{"a wrong secret", `{"error":"invalid_client","error_codes":[7000215]}`,
			&aadsts.Error{OAuth: "invalid_client", Codes: []int{7000215}}, false, false, fault.Denied},
		{"an unknown code", `{"error":"invalid_request","error_codes":[1234567]}`,
			&aadsts.Error{OAuth: "invalid_request", Codes: []int{1234567}}, false, false, fault.Denied},
		{"claims that are not an object are dropped", `{"error":"invalid_grant","claims":"[1]","correlation_id":"<script>"}`,
			&aadsts.Error{OAuth: "invalid_grant"}, true, false, fault.SignIn},
		{"out of order", `{"error":"temporarily_unavailable"}`, &aadsts.Error{OAuth: "temporarily_unavailable"}, false, false, fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := aadsts.Read(strings.NewReader(c.body))
			if d := cmp.Diff(got, c.want); d != "" {
				t.Fatal(d)
			}
			if got.Interactive() != c.interactive || got.StepUp() != c.stepUp {
				t.Errorf("interactive %v, step-up %v", got.Interactive(), got.StepUp())
			}
			f := got.Fault("edit the profile")
			if f.Kind != c.kind || f.Fix == "" || !strings.HasPrefix(f.What, "cannot edit the profile: ") {
				t.Errorf("got %v %q, fix %q; want kind %v", f.Kind, f.What, f.Fix, c.kind)
			}
		})
	}
	for _, body := range []string{"", "<html>", "{}", `{"error":5}`, `[]`} {
		if got := aadsts.Read(strings.NewReader(body)); got != nil {
			t.Errorf("%q: got %+v, want nil", body, got)
		}
	}
}

func TestFromRedirect(t *testing.T) {
	f := aadsts.FromRedirect("access_denied", "AADSTS65004: User declined ...").Fault("sign in")
	if f.Kind != fault.Canceled || f.What != "cannot sign in: it was canceled in the browser (AADSTS65004)" {
		t.Errorf("got %v %q", f.Kind, f.What)
	}
	f = aadsts.FromRedirect("x\x1b[31m", "nothing").Fault("sign in")
	if strings.ContainsRune(f.What, 0x1b) {
		t.Errorf("foreign text reached the message: %q", f.What)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(refused)
	f.Add(`{"error":"x","claims":"{}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		if e := aadsts.Read(strings.NewReader(body)); e != nil {
			if got := e.Fault("sign in"); got.Fix == "" || strings.ContainsFunc(got.What, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: got %q, fix %q", body, got.What, got.Fix)
			}
		}
	})
}
