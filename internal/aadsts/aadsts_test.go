package aadsts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
)

// refused follows a response published by Microsoft, with ids replaced.
const refused = `{"error":"invalid_grant","suberror":"basic_action","error_codes":[50076],
"error_description":"AADSTS50076: Due to a configuration change ...",
"correlation_id":"1c2d3e4f-0000-4000-8000-000000000000",
"claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"x\"]}}}"}`

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, body  string
		want        *aadsts.Error
		interactive bool
		stepUp      bool
		kind        fault.Kind
	}{
		{
			name: "second factor required for a refresh token",
			body: refused,
			want: &aadsts.Error{
				OAuth:         "invalid_grant",
				Suberror:      "basic_action",
				Codes:         []int{50076},
				CorrelationID: "1c2d3e4f-0000-4000-8000-000000000000",
				Claims:        `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`,
			},
			interactive: true,
			stepUp:      true,
			kind:        fault.StepUp,
		},
		{
			name:        "second factor required, without claims or suberror",
			body:        `{"error":"interaction_required","error_codes":[50079]}`,
			want:        &aadsts.Error{OAuth: "interaction_required", Codes: []int{50079}},
			interactive: true,
			stepUp:      true,
			kind:        fault.StepUp,
		},
		{
			name:        "revoked sign-in",
			body:        `{"error":"invalid_grant","error_codes":[50173]}`,
			want:        &aadsts.Error{OAuth: "invalid_grant", Codes: []int{50173}},
			interactive: true,
			kind:        fault.SignIn,
		},
		{
			name: "wrong secret",
			body: `{"error":"invalid_client","error_codes":[7000215]}`,
			want: &aadsts.Error{OAuth: "invalid_client", Codes: []int{7000215}},
			kind: fault.Denied,
		},
		{
			name: "unknown code",
			body: `{"error":"invalid_request","error_codes":[1234567]}`,
			want: &aadsts.Error{OAuth: "invalid_request", Codes: []int{1234567}},
			kind: fault.Denied,
		},
		{
			name:        "claims that are not an object, and an invalid correlation id",
			body:        `{"error":"invalid_grant","claims":"[1]","correlation_id":"<script>"}`,
			want:        &aadsts.Error{OAuth: "invalid_grant"},
			interactive: true,
			kind:        fault.SignIn,
		},
		{
			name: "temporarily unavailable",
			body: `{"error":"temporarily_unavailable"}`,
			want: &aadsts.Error{OAuth: "temporarily_unavailable"},
			kind: fault.Unavailable,
		},
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
			if f.Kind != c.kind || f.Advice() == "" || !strings.HasPrefix(f.What, "cannot edit the profile: ") {
				t.Errorf("got %v %q, advice %q; want kind %v", f.Kind, f.What, f.Advice(), c.kind)
			}
		})
	}
	for _, body := range []string{"", "<html>", "{}", `{"error":5}`, `[]`} {
		if got := aadsts.Read(strings.NewReader(body)); got != nil {
			t.Errorf("%q: got %+v, want nil", body, got)
		}
	}
}

func TestErrorFromRedirect(t *testing.T) {
	const canceled = "it was canceled in the browser"
	for _, c := range []struct{ name, oauth, description, want string }{
		{"known code", "access_denied", "AADSTS65004: User declined ...", canceled + " (AADSTS65004)"},
		{"no code", "access_denied", "nothing", canceled},
		{"code that is too long", "access_denied", "AADSTS123456789", canceled},
		{"control characters", "x\x1b[31m", "nothing", "the tenant returned an unknown error"},
	} {
		f := aadsts.FromRedirect(c.oauth, c.description).Fault("sign in")
		if want := "cannot sign in: " + c.want; f.What != want {
			t.Errorf("%s: got %q, want %q", c.name, f.What, want)
		}
	}
	if f := aadsts.FromRedirect("access_denied", "").Fault("sign in"); f.Kind != fault.Canceled {
		t.Errorf("got %v, want Canceled", f.Kind)
	}
}

// TestErrorNamesWhoMustAct checks that a mid-tier shows advice for its operator to
// its operator only.
func TestErrorNamesWhoMustAct(t *testing.T) {
	for code, forOperator := range map[int]bool{
		7000215: true,  // client secret
		700027:  true,  // certificate
		700213:  true,  // workload identity
		65001:   true,  // consent
		500011:  true,  // registration of the API
		700016:  true,  // registration of the client
		7000114: true,  // on-behalf-of flow
		53003:   false, // Conditional Access
		50057:   false, // account
		50105:   false, // assignment
		50076:   false, // second factor
		50173:   false, // sign-in
		500131:  false, // assertion
	} {
		f := (&aadsts.Error{OAuth: "invalid_request", Codes: []int{code}}).Fault("exchange")
		if f.ForOperator != forOperator || f.Advice() == "" {
			t.Errorf("AADSTS%d: for the operator %v, advice %q", code, f.ForOperator, f.Advice())
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(refused)
	f.Add(`{"error":"x","claims":"{}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		e := aadsts.Read(strings.NewReader(body))
		if e == nil {
			return
		}
		got := e.Fault("sign in")
		if got.Advice() == "" || strings.ContainsFunc(got.What, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q: got %q, advice %q", body, got.What, got.Advice())
		}
	})
}
