package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/wireshape"
	"github.com/profilectl/profilectl/sandbox/robot"
)

func TestRecordingOfTheSandboxHasNoDifferencesAndNoValues(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir := filepath.Join(t.TempDir(), "recording")
	if code := m.run(t, "doctor", "--record", dir); code != 0 {
		t.Fatalf("ended with %d: %s", code, m.out)
	}
	report := m.out.String()
	if !strings.Contains(report, "The tenant and the sandbox do not differ.") || strings.Contains(report, "differs ") {
		t.Errorf("reported:\n%s", report)
	}
	for _, row := range []string{
		"mfa-refusal", "mfa-error-word", "sts-headers", "error-line-breaks", "error-uri",
		"graph-unknown-property", "authorize-errors", "logout-redirect", "tid-claim", "graph-tokens-v1",
		"missing-parameters", "malformed-requests", "graph-case", "graph-expand", "graph-collection-options",
		"graph-paths", "graph-methods", "graph-other-user", "graph-batch", "userinfo",
	} {
		if !strings.Contains(report, "confirmed  "+row+"\n") {
			t.Errorf("%s was not confirmed:\n%s", row, report)
		}
	}
	facts := m.playground.Facts
	secrets := []string{
		facts.TenantID, facts.ClientID, facts.MidTierID, facts.User, facts.Password,
		"Casey", "contoso", "Copenhagen", "eyJ", "localhost", "AADSTS",
	}
	for _, name := range []string{"tenant.json", "sandbox.json", "comparison.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			for _, form := range forms(secret) {
				if len(form) > 2 && bytes.Contains(bytes.ToLower(raw), []byte(strings.ToLower(form))) {
					t.Errorf("%s holds %q:\n%s", name, form, raw)
				}
			}
		}
	}
	// the directory is in use, and nothing is sent
	if code := m.run(t, "doctor", "--record", dir); code != 2 {
		t.Errorf("the second recording ended with %d: %s", code, m.out)
	}
}

// TestRecordingKeepsTheStepsBeforeAFailure records a journey that ends early: the steps
// before the failure are written and compared.
func TestRecordingKeepsTheStepsBeforeAFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step      string
		ends      func(m *machine)
		code      int
		confirmed string
		missing   string // is not judged
	}{
		{
			"sign-in",
			func(m *machine) { m.env.OpenBrowser = canceling(m) },
			2, "authorize-errors", "tid-claim",
		},
		{
			"silent-edit", // without the policy, the tenant issues the token
			func(m *machine) { _ = m.playground.Tenant.SetPolicy(false) },
			6, "graph-unknown-property", "mfa-refusal",
		},
	} {
		m := newMachine(t)
		c.ends(m)
		dir := filepath.Join(t.TempDir(), "recording")
		if code := m.run(t, "doctor", "--record", dir); code != c.code {
			t.Errorf("%s: ended with %d: %s", c.step, code, m.out)
		}
		report := m.out.String()
		if !strings.Contains(report, "It ends at the step "+c.step+", which failed") ||
			!strings.Contains(report, "confirmed  "+c.confirmed+"\n") ||
			strings.Contains(report, "differs ") || strings.Contains(report, c.missing) {
			t.Errorf("%s: reported:\n%s", c.step, report)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "tenant.json"))
		if err != nil || !bytes.Contains(raw, []byte(`"step": "discovery"`)) {
			t.Errorf("%s: %v: %s", c.step, err, raw)
		}
	}
}

// canceling returns a browser whose user cancels the sign-in.
func canceling(m *machine) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		browser, err := robot.New(robot.User{Cancel: true}, m.playground.Transport)
		if err != nil {
			return err
		}
		go func() { _, _ = browser.Open(ctx, address) }()
		return nil
	}
}

// altering changes the responses of one endpoint.
type altering struct {
	next     http.RoundTripper
	endpoint string // the end of its path
	change   func(*http.Response, string) string
}

func (a altering) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := a.next.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, a.endpoint) {
		return res, err
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	body := a.change(res, string(raw))
	res.Body = io.NopCloser(strings.NewReader(body))
	res.ContentLength = int64(len(body))
	return res, res.Body.Close()
}

// TestRecordingNamesEachDifference records a sandbox that was changed to differ.
func TestRecordingNamesEachDifference(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	record := func(a altering) []wireshape.Shape {
		t.Helper()
		g := &globals{Progress: progressNone, Wait: checkLimit, Timeout: checkLimit}
		recorded, err := recordJourney(t.Context(), m.env, g, func(next http.RoundTripper) http.RoundTripper {
			a.next = next
			return a
		})
		if err != nil {
			t.Fatal(err)
		}
		return recorded.shapes
	}
	unchanged := func(_ *http.Response, body string) string { return body }
	sandbox := record(altering{change: unchanged})
	replace := func(from, to string) func(*http.Response, string) string {
		return func(_ *http.Response, body string) string { return strings.ReplaceAll(body, from, to) }
	}
	for _, c := range []struct {
		name, endpoint string
		change         func(*http.Response, string) string
		want           []string // a difference, the row that it refutes
	}{
		{"a header is missing", "/token", func(res *http.Response, body string) string {
			res.Header.Del("X-Ms-Ests-Server")
			return body
		}, []string{"header X-Ms-Ests-Server: the tenant sends nothing, the sandbox it", "sts-headers"}},
		{
			"a member has another name", "/token", replace(`"suberror"`, `"sub_error"`),
			[]string{"body suberror: the tenant sends nothing, the sandbox string basic_action", "mfa-refusal"},
		},
		{
			"a member has another type", "/keys", replace(`"use":"sig"`, `"use":1`),
			[]string{"body keys[].use: the tenant sends number, the sandbox string", ""},
		},
		{
			"another error code", "/me", replace(`"BadRequest"`, `"Request_BadRequest"`),
			[]string{"body error.code: the tenant sends string Request_BadRequest, " +
				"the sandbox string BadRequest", "graph-unknown-property"},
		},
		{
			"another response to a repeated parameter", "/token", replace("9000411", "9002"),
			[]string{"token refresh_token body error_codes[]: the tenant sends number 9002, " +
				"the sandbox number 9000411", "malformed-requests"},
		},
		{
			"another status", "/$batch", func(res *http.Response, body string) string {
				res.StatusCode = http.StatusUnsupportedMediaType
				return body
			},
			[]string{"batch-malformed: other status: the tenant sends 415, the sandbox 400", "graph-batch"},
		},
	} {
		result := wireshape.Compare(record(altering{endpoint: c.endpoint, change: c.change}), sandbox)
		found := slices.ContainsFunc(result.Differences, func(d wireshape.Difference) bool {
			return strings.Contains(d.String(), c.want[0]) && d.Row == c.want[1]
		})
		if !found || c.want[1] != "" && !slices.Contains(result.Refuted, c.want[1]) {
			t.Errorf("%s: %+v", c.name, result)
		}
	}
}
