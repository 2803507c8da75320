package aadsts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
)

// TestCodesAdviseASignInOnlyIfItHelps walks the table. A sign-in helps if the last one
// has ended. It does not help against a policy, the state of an account, a registration
// or a credential: the same error would come back with the same advice.
func TestCodesAdviseASignInOnlyIfItHelps(t *testing.T) {
	helps := map[int]bool{}
	for _, code := range []int{
		50058, 50085, 50089, 50140, 50148, 50173, 50199, 501481, 54005,
		70000, 700005, 70008, 70043, 700082, 700084,
		500133, // the next access token has another lifetime
		50196,  // after the pause that the advice asks for
	} {
		helps[code] = true
	}
	for _, code := range aadsts.Codes() {
		f := (&aadsts.Error{OAuth: "invalid_grant", Codes: []int{code}}).Fault("sign in")
		if advised := f.Next == fault.DoSignIn; advised != helps[code] {
			t.Errorf("AADSTS%d (%s): a sign-in is advised: %v, want %v", code, f.What, advised, helps[code])
		}
		if f.Kind == fault.Denied && f.Next == fault.DoSignIn || f.Advice() == "" {
			t.Errorf("AADSTS%d: kind %v, advice %q", code, f.Kind, f.Advice())
		}
	}
}

// TestErrorIsInteractiveOnlyIfASignInHelps walks the table with the OAuth errors that
// ask for a user: Entra sends them with policies and deleted accounts too.
func TestErrorIsInteractiveOnlyIfASignInHelps(t *testing.T) {
	for _, code := range aadsts.Codes() {
		for _, oauth := range []string{"invalid_grant", "interaction_required"} {
			e := &aadsts.Error{
				OAuth:    oauth,
				Suberror: "basic_action",
				Codes:    []int{code},
				Claims:   `{"access_token":{"capolids":{"essential":true,"values":["x"]}}}`,
			}
			f := e.Fault("sign in")
			helps := f.Kind == fault.SignIn || f.Kind == fault.StepUp
			if e.Interactive() != helps || (aadsts.Challenge(f) != nil) != helps {
				t.Errorf("AADSTS%d, %s: interactive %v, want %v", code, oauth, e.Interactive(), helps)
			}
		}
	}
}

// TestCodesOfPublicReportsHaveWords has codes that users reported, with the OAuth error
// of the report.
func TestCodesOfPublicReportsHaveWords(t *testing.T) {
	for code, oauth := range map[int]string{
		1100001: "server_error",
		50131:   "interaction_required",
		53000:   "invalid_grant",
		53001:   "invalid_grant",
		53002:   "invalid_grant",
		53004:   "invalid_grant",
		53009:   "invalid_grant",
		53011:   "invalid_grant",
		900144:  "invalid_request",
		90014:   "invalid_request",
		9002313: "invalid_request",
		901002:  "invalid_request",
		500341:  "invalid_grant",
		7000112: "unauthorized_client",
		90072:   "invalid_grant",
		1002016: "invalid_request",
		65002:   "invalid_grant",
		131010:  "access_denied",
		500202:  "invalid_grant",
		500014:  "invalid_resource",
		501461:  "invalid_request",
		1003005: "server_error",
	} {
		body := fmt.Sprintf(`{"error":%q,"error_codes":[%d]}`, oauth, code)
		f := aadsts.Read(strings.NewReader(body)).Fault("sign in")
		if strings.Contains(f.What, "the tenant returned") || f.Kind != fault.Denied || f.Next == fault.DoSignIn {
			t.Errorf("AADSTS%d: %v %q, advice %q", code, f.Kind, f.What, f.Advice())
		}
	}
}

func TestErrorWithoutAKnownCode(t *testing.T) {
	const page = "look it up at https://login.microsoftonline.com/error?code=399218"
	codes := []int{399218}
	for _, c := range []struct {
		name   string
		err    aadsts.Error
		kind   fault.Kind
		what   string
		advice string
	}{
		{
			"rejected grant", aadsts.Error{OAuth: "invalid_grant", Codes: codes},
			fault.SignIn, "the tenant returned invalid_grant (AADSTS399218)", page,
		},
		{
			"rejected request", aadsts.Error{OAuth: "invalid_request", Codes: codes},
			fault.Denied, "the tenant returned invalid_request (AADSTS399218)", page,
		},
		{
			"failure of the tenant", aadsts.Error{OAuth: "server_error", Codes: codes},
			fault.Unavailable, "the tenant returned server_error (AADSTS399218)",
			"try again in a minute; if it fails again, " + page,
		},
		{
			"access denied for another reason than Cancel", aadsts.Error{OAuth: "access_denied", Codes: codes},
			fault.Denied, "the tenant returned access_denied (AADSTS399218)", page,
		},
		{
			"blocked, by the suberror", aadsts.Error{OAuth: "interaction_required", Suberror: "message_only"},
			fault.Denied, "a Conditional Access policy blocks it",
			"ask the tenant's administrator which policy applies, and give the correlation id",
		},
		{
			"expired password, by the suberror",
			aadsts.Error{OAuth: "invalid_grant", Suberror: "user_password_expired"},
			fault.SignIn, "the password has expired", "choose a new password on the sign-in page",
		},
		{
			"device code was declined", aadsts.Error{OAuth: "authorization_declined"},
			fault.Canceled, "it was canceled in the browser", "run the command again",
		},
		{
			"device code has expired", aadsts.Error{OAuth: "expired_token"},
			fault.SignIn, "the code has expired", "run the command again for a new code",
		},
	} {
		f := c.err.Fault("sign in")
		if f.Kind != c.kind || f.What != "cannot sign in: "+c.what || f.Advice() != c.advice {
			t.Errorf("%s: got %v %q, advice %q", c.name, f.Kind, f.What, f.Advice())
		}
	}
}
