package serve_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
)

// audited returns a mid-tier with an audit log, and a function that reads it.
func audited(t *testing.T) (w *world, entries func() []map[string]any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit")
	w = newWorld(t, func(s *serve.Settings) { s.AuditLog = path })
	return w, func() []map[string]any { return readEntries(t, path) }
}

// readEntries returns the entries of an audit log.
func readEntries(t *testing.T, path string) []map[string]any {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for line := range strings.Lines(string(raw)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

func TestAuditLogRecordsEdits(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	busy := sandbox.Fault{Part: "graph", Status: 429, RetryAfter: 60}
	broken := sandbox.Fault{Part: "graph", Status: 503, RetryAfter: 60}
	reset := sandbox.Fault{Part: "graph", Reset: true}
	away := sandbox.Fault{Part: "token", Status: 503}
	for name, c := range map[string]struct {
		fault  sandbox.Fault
		weak   bool
		want   string
		status int
	}{
		"a change":                     {want: "changed", status: 204},
		"a stronger sign-in is needed": {weak: true, want: "refused", status: 401},
		"the tenant is away":           {fault: away, want: "failed", status: 503},
		"Graph throttles":              {fault: busy, want: "failed", status: 429},
		"Graph breaks the connection":  {fault: reset, want: "unknown", status: 503},
		"Graph is out of order":        {fault: broken, want: "unknown", status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			w, entries := audited(t)
			if c.fault.Part != "" {
				w.tenant.FailNext(c.fault)
			}
			token := w.strong
			if c.weak {
				token = w.weak
			}
			res := w.post(howTo, token, func(r *http.Request) { r.Header.Set("client-request-id", id) })
			if res.Code != c.status {
				t.Errorf("got %d %s", res.Code, res.Body)
			}
			all := entries()
			if len(all) != 1 {
				t.Fatalf("got %v", all)
			}
			e := all[0]
			if e["outcome"] != c.want || e["correlationId"] != id {
				t.Errorf("got %v, want outcome %s", e, c.want)
			}
			if e["oid"] == nil || e["client"] == nil || e["sub"] != nil {
				t.Errorf("got %v, which does not name the user and the app", e)
			}
			if fields, _ := e["fields"].([]any); !slices.Equal(fields, []any{"displayName", "givenName", "surname"}) {
				t.Errorf("the fields are %v", e["fields"])
			}
		})
	}
}

// TestAuditLogKnowsThatARejectedTokenChangedNothing: Graph rejects the cached token of a change,
// and then there is no other one.
func TestAuditLogKnowsThatARejectedTokenChangedNothing(t *testing.T) {
	outcome := func(entries []map[string]any) any { return entries[len(entries)-1]["outcome"] }
	t.Run("of the user", func(t *testing.T) {
		w, entries := audited(t)
		w.post(howTo, w.strong)
		w.tenant.FailNext(sandbox.Fault{Part: "graph", Status: http.StatusUnauthorized})
		w.tenant.FailNext(sandbox.Fault{Part: "token", Status: http.StatusServiceUnavailable})
		res := w.post(howTo, w.strong)
		if all := entries(); res.Code != http.StatusServiceUnavailable || outcome(all) != "refused" {
			t.Errorf("got %d %s, and the audit log says %v", res.Code, res.Body, all)
		}
	})
	t.Run("of the application", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit")
		w, app, file := newAttributesWorld(t, func(s *serve.Settings) { s.AuditLog = path })
		app.patch = func(int) reply {
			writeText(t, filepath.Join(filepath.Dir(file), "secret"), "the third secret\n")
			app.refusal = `{"error":"temporarily_unavailable"}`
			w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
			return reply{401, `{"error":{"code":"InvalidAuthenticationToken"}}`}
		}
		res := w.post(`{"`+extension+`Children":1}`, w.strong)
		if all := readEntries(t, path); res.Code != http.StatusServiceUnavailable || outcome(all) != "refused" {
			t.Errorf("got %d %s, and the audit log says %v", res.Code, res.Body, all)
		}
	})
}

// TestAuditLogHoldsNoValues also shows that requests which change nothing because they
// are invalid have no entry: their callers choose the names of the fields.
func TestAuditLogHoldsNoValues(t *testing.T) {
	w, entries := audited(t)
	w.post(howTo, "")
	w.post(`{"canary":"Ada"}`, w.strong)
	w.post(`{"city":"canary`, w.strong)
	if all := entries(); len(all) != 0 {
		t.Errorf("got %v", all)
	}
	w.post(`{"city":"canary","jobTitle":null}`, w.strong)
	all := entries()
	if len(all) != 1 {
		t.Fatalf("got %v", all)
	}
	for _, value := range all[0] {
		if text, _ := json.Marshal(value); strings.Contains(string(text), "canary") {
			t.Errorf("got %s", text)
		}
	}
	if log := w.log.String(); strings.Contains(log, all[0]["oid"].(string)) {
		t.Error("the log names the user")
	}
}

func TestOpenRefusesAnUnusableAuditLog(t *testing.T) {
	dir := t.TempDir()
	_, err := serve.Open(t.Context(), serve.Settings{
		Authority:  "contoso",
		ClientID:   "66666666-7777-8888-9999-000000000000",
		Credential: serve.CredentialSettings{Secret: "s"},
		AuditLog:   dir,
	}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "audit log") {
		t.Errorf("got %v", err)
	}
}

// TestReloadSaysWhyTheAuditLogCannotBeReopened puts a directory where the file was.
func TestReloadSaysWhyTheAuditLogCannotBeReopened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be moved on Windows")
	}
	path := filepath.Join(t.TempDir(), "audit")
	w := newWorld(t, func(s *serve.Settings) { s.AuditLog = path })
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	for _, want := range []string{
		`"level":"ERROR","msg":"the audit log cannot be reopened; keeping the old file",` +
			`"reason":"the audit log is not a regular file","fix":"name a file, or one that does not exist"}`,
		`"level":"ERROR","msg":"reloaded","failed":["audit-log"]`,
	} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, w.log)
		}
	}
	w.post(howTo, w.strong)
	if len(readEntries(t, path+".1")) != 1 {
		t.Error("the old file is not used")
	}
}

// TestAuditLogContinuesInANewFileAfterAReload moves the file away, as logrotate does, and
// then reloads the mid-tier.
func TestAuditLogContinuesInANewFileAfterAReload(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be moved on Windows")
	}
	path := filepath.Join(t.TempDir(), "audit")
	w := newWorld(t, func(s *serve.Settings) { s.AuditLog = path })
	w.post(howTo, w.strong)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	w.post(howTo, w.strong)
	w.server.Reload(t.Context(), serve.Reload{Settings: &serve.Settings{}})
	w.post(howTo, w.strong)
	for file, want := range map[string]int{path + ".1": 2, path: 1} {
		raw, err := os.ReadFile(file)
		if err != nil || strings.Count(string(raw), "\n") != want {
			t.Errorf("%s holds %q, %v; want %d entries", file, raw, err, want)
		}
	}
	if !strings.Contains(w.log.String(), `"msg":"reloaded","files":["audit-log"]`) {
		t.Errorf("the log says %s", w.log)
	}
}
