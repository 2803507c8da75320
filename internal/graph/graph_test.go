package graph_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

// respond is a Graph that sends the same response to every request.
type respond struct {
	status int
	header http.Header
	body   string
}

func (r respond) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: r.status,
		Header:     r.header,
		Body:       io.NopCloser(strings.NewReader(r.body)),
		Request:    req,
	}, nil
}

func TestUpdateTurnsResponsesIntoFaults(t *testing.T) {
	nested := strings.Repeat(`{"code":"Outer","innerError":`, 3) + `{"code":"Inner"}` + strings.Repeat("}", 3)
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		what   string
	}{
		{"success of another server", 200, "", fault.Unavailable, "the response is not from Microsoft Graph"},
		{"rejected token", 401, "", fault.SignIn, "Microsoft Graph does not accept the access token"},
		{"missing permission", 403, "", fault.Denied, "Microsoft Graph does not allow it"},
		{
			"rejected value", 400, `{"error":{"code":"Request_BadRequest","message":"Ada is bad"}}`,
			fault.Invalid, "Microsoft Graph rejected a value (Request_BadRequest)",
		},
		{
			"nested errors", 400, `{"error":` + nested + `}`,
			fault.Invalid, "Microsoft Graph rejected a value (Inner)",
		},
		{
			"code with control characters", 400, `{"error":{"code":"a\u001b[31mb"}}`,
			fault.Invalid, "Microsoft Graph rejected a value",
		},
		{"deleted account", 404, "", fault.Denied, "Microsoft Graph does not know this account"},
		{
			"overload", 503, "",
			fault.Unavailable, "Microsoft Graph is unavailable or overloaded (HTTP status 503)",
		},
		{
			"concurrent change", 409, `{"error":{"code":"Directory_ConcurrencyViolation"}}`,
			fault.Unavailable,
			"the account is being changed by another request (Directory_ConcurrencyViolation)",
		},
		{
			"lasting conflict", 409, `{"error":{"code":"ObjectConflict"}}`,
			fault.Denied, "Microsoft Graph answered with HTTP status 409 (ObjectConflict)",
		},
		{"another status", 418, "", fault.Denied, "Microsoft Graph answered with HTTP status 418"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{"Request-Id": {"1234"}}
			client := graph.Client{
				Base: "https://graph.microsoft.com",
				HTTP: &http.Client{Transport: respond{c.status, header, c.body}},
			}
			ch, err := client.Update(t.Context(), "secret", profile.Change{})
			f := fault.As(err)
			if ch != nil || f.Kind != c.kind || f.What != c.what || f.Advice() == "" || f.CorrelationID != "1234" {
				t.Errorf("got %+v, %+v", ch, f)
			}
		})
	}
}

func TestUpdateReturnsChallenges(t *testing.T) {
	header := http.Header{"Www-Authenticate": {`Bearer error="insufficient_claims", claims="e30="`}}
	for status, want := range map[int]bool{401: true, 403: true, 400: false} {
		client := graph.Client{HTTP: &http.Client{Transport: respond{status: status, header: header}}}
		ch, err := client.Update(t.Context(), "secret", profile.Change{})
		if (ch != nil) != want || (err == nil) != want {
			t.Errorf("status %d: got %+v, %v", status, ch, err)
		}
	}
}

func TestMeRejectsResponsesThatAreNotJSON(t *testing.T) {
	client := graph.Client{HTTP: &http.Client{Transport: respond{status: 200, body: "<html>"}}}
	_, err := client.Me(t.Context(), "secret")
	const want = "cannot read the profile: the response of Microsoft Graph is not JSON"
	if f := fault.As(err); f.Kind != fault.Unavailable || f.What != want {
		t.Errorf("got %v", err)
	}
}

func TestMeURLAcceptsTheVersionAndSlashes(t *testing.T) {
	for _, base := range []string{
		"https://graph.example", "https://graph.example/", "https://graph.example//",
		"https://graph.example/v1.0", "https://graph.example/v1.0/", "https://graph.example/V1.0",
	} {
		if got := graph.MeURL(base); got != "https://graph.example/v1.0/me" {
			t.Errorf("%s: got %s", base, got)
		}
	}
}

func TestExplainAdvisesToWaitForANewAccount(t *testing.T) {
	e, ok := graph.Explain("Request_ResourceNotFound")
	if !ok || !strings.Contains(e.Fault.Fix, "wait") || e.Fault.Next != fault.DoUseOtherAccount {
		t.Errorf("got %+v", e.Fault)
	}
}
