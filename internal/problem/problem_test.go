package problem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/problem"
)

func TestReadReturnsTheFaultThatWasWritten(t *testing.T) {
	for _, kind := range fault.Kinds() {
		w := httptest.NewRecorder()
		sent := &fault.Error{Kind: kind, What: "what", Fix: "fix", Err: http.ErrBodyNotAllowed}
		if err := problem.From(sent, 0, "1234").Write(w); err != nil {
			t.Fatal(err)
		}
		if w.Code < 400 || strings.Contains(w.Body.String(), http.ErrBodyNotAllowed.Error()) {
			t.Errorf("%v: status %d, body %s", kind, w.Code, w.Body)
		}
		got := problem.Read(w.Result(), "host")
		if got.Kind != kind || got.What != "what" || got.Fix != "fix" || got.CorrelationID != "1234" {
			t.Errorf("%v came back as %+v", kind, got)
		}
	}
}

func TestFromWordsActionsForCallersOfAnAPI(t *testing.T) {
	f := &fault.Error{Kind: fault.SignIn, What: "what", Fix: "check the clock", Next: fault.DoSignIn}
	if got := problem.From(f, 0, ""); got.Fix != "check the clock, then sign in again" {
		t.Errorf("got fix %q", got.Fix)
	}
}

func TestReadHandlesOtherResponses(t *testing.T) {
	const own = `{"type":"https://github.com/profilectl/profilectl/problems/`
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		what   string
	}{
		{"HTML page", 502, "<html>", fault.Unavailable, "host answered with HTTP status 502"},
		{"empty 401", 401, "", fault.SignIn, "host answered with HTTP status 401"},
		{
			"problem of another API", 400, `{"type":"about:blank","title":"x","detail":"<script>"}`,
			fault.Invalid, "host answered with HTTP status 400",
		},
		{"unknown problem of a mid-tier", 404, own + `new"}`, fault.Denied, "host answered with HTTP status 404"},
		{
			"terminal control characters", 400, own + `invalid-value","detail":"a\u001b[31mb\u202e"}`,
			fault.Invalid, "a[31mb",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.WriteHeader(c.status)
			w.WriteString(c.body)
			got := problem.Read(w.Result(), "host")
			if got.Kind != c.kind || got.What != c.what || got.Advice() == "" {
				t.Errorf("got %v %q, advice %q", got.Kind, got.What, got.Advice())
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(400, `{"type":"https://github.com/profilectl/profilectl/problems/denied","detail":"x"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		w.WriteString(body)
		if got := problem.Read(w.Result(), "host"); got.Advice() == "" || strings.ContainsRune(got.What, 0x1b) {
			t.Errorf("got %+v", got)
		}
	})
}
