package serve_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

const misconfigured = "the service is misconfigured"

// operatorWords are words of advice that only the operator can follow, in lower
// case.
var operatorWords = []string{
	"client secret", "certificate", "credential", "app registration", "admin consent",
	"edit-scope", "client-id", "ca-file", "profilectl", "--",
}

// refusals returns the refusals of Entra with every known code, then those of Graph
// with every status that it documents for errors.
func refusals() []sandbox.Fault {
	var all []sandbox.Fault
	add := func(part string, status int, body string, args ...any) {
		all = append(all, sandbox.Fault{Part: part, Status: status, Body: fmt.Sprintf(body, args...)})
	}
	for _, code := range aadsts.Codes() {
		add("token", 401, `{"error":"invalid_client","error_codes":[%d]}`, code)
		add("token", 400, `{"error":"invalid_grant","error_codes":[%d]}`, code)
	}
	for _, oauth := range []string{"unauthorized_client", "invalid_resource", "access_denied", "server_error"} {
		add("token", 400, `{"error":%q}`, oauth)
	}
	for _, status := range []int{
		400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 416, 422, 423, 429,
		500, 501, 503, 504, 507, 509,
	} {
		add("graph", status, "")
		add("graph", status, `{"error":{"code":"Authorization_RequestDenied"}}`)
	}
	return all
}

// TestUpdateKeepsAdviceForTheOperatorInTheLog walks over all refusals: nothing that
// only the operator can do reaches a caller, and the log has it.
func TestUpdateKeepsAdviceForTheOperatorInTheLog(t *testing.T) {
	w := newWorld(t)
	for _, refusal := range refusals() {
		for range 2 { // a request that Graph rejects with 401 is sent again
			w.tenant.FailNext(refusal)
		}
		res := w.post(howTo, w.strong)
		w.tenant.Recover()
		name := fmt.Sprint(refusal.Part, " ", refusal.Status, " ", refusal.Body)
		p := readProblem(t, res)
		if res.Code < 400 || p.Detail == "" || p.Fix == "" || p.CorrelationID == "" {
			t.Errorf("%s: got %d %+v", name, res.Code, p)
		}
		shown := strings.ToLower(fmt.Sprint(p.Detail, p.Fix, res.Header()))
		for _, word := range operatorWords {
			if strings.Contains(shown, word) {
				t.Errorf("%s: the caller reads %q in %+v %v", name, word, p, res.Header())
			}
		}
		if p.Detail != misconfigured {
			continue
		}
		if entry := errorLogged(t, w, p.CorrelationID); entry["reason"] == "" || entry["fix"] == "" {
			t.Errorf("%s: logged %v", name, entry)
		}
	}
}

func TestUpdateTellsCallersToContactTheOperator(t *testing.T) {
	for _, code := range []int{7000215, 7000222, 65001, 700016, 700027, 500011, 7000114} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			w := newWorld(t)
			w.tenant.FailNext(sandbox.Fault{
				Part:   "token",
				Status: http.StatusBadRequest,
				Body:   fmt.Sprintf(`{"error":"invalid_client","error_codes":[%d]}`, code),
			})
			res := w.post(howTo, w.strong)
			p := readProblem(t, res)
			if res.Code != http.StatusBadGateway || p.Detail != misconfigured ||
				p.Fix != "contact its operator and give the correlation id" {
				t.Errorf("got %d %+v", res.Code, p)
			}
			entry := errorLogged(t, w, p.CorrelationID)
			if !strings.HasSuffix(entry["reason"], fmt.Sprintf("(AADSTS%d)", code)) || entry["fix"] == "" {
				t.Errorf("logged %v", entry)
			}
		})
	}
}

// errorLogged returns the entry with level ERROR for a correlation id.
func errorLogged(t *testing.T, w *world, correlationID string) map[string]string {
	t.Helper()
	for line := range strings.Lines(w.log.String()) {
		if !strings.Contains(line, `"level":"ERROR"`) || !strings.Contains(line, correlationID) {
			continue
		}
		var entry map[string]string
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		return entry
	}
	t.Fatalf("no error was logged for %s", correlationID)
	return nil
}

// TestUpdateSuggestsARetryAfterATimeout: the caller's own time limit does not
// matter, and neither does the command line of profilectl.
func TestUpdateSuggestsARetryAfterATimeout(t *testing.T) {
	for _, part := range []string{"token", "graph"} {
		w := newWorld(t, func(s *serve.Settings) { s.Timeout = 100 * time.Millisecond })
		w.tenant.FailNext(sandbox.Fault{Part: part, Delay: time.Minute})
		res := w.post(howTo, w.strong)
		p := readProblem(t, res)
		if res.Code != http.StatusGatewayTimeout || !strings.HasSuffix(p.Detail, "did not answer in time") ||
			p.Fix != "try again in a minute" {
			t.Errorf("%s: got %d %+v", part, res.Code, p)
		}
	}
}
