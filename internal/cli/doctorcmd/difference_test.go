package doctorcmd

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/wireshape"
)

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
	p, err := playground.Start(t.Context(), playground.Options{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	env := command.System().Isolated(p.Variables(), p.Dir)
	env.Stdout, env.Stderr = io.Discard, io.Discard
	env.OpenBrowser = p.NewRobot(func(error) {}).Open // a failure shows as a journey that ends
	record := func(a altering) []wireshape.Shape {
		t.Helper()
		g := &command.Globals{Progress: command.ProgressNone, Wait: checkup.Limit, Timeout: checkup.Limit}
		recorded, err := recordJourney(t.Context(), env, g, func(next http.RoundTripper) http.RoundTripper {
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
