package serve_test

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/profilectl/profilectl/internal/serve"
)

// TestAuditLogDoesNotFailEdits fills the disk: the audit log's descriptor becomes that of
// a device which is always full.
func TestAuditLogDoesNotFailEdits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	w := newWorld(t, func(s *serve.Settings) { s.AuditLog = path })
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if err := syscall.Dup3(int(full.Fd()), descriptor(t, path), 0); err != nil {
		t.Fatal(err)
	}
	if res := w.post(howTo, w.strong); res.Code != http.StatusNoContent {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	log := w.log.String()
	if !strings.Contains(log, `"level":"ERROR","msg":"an entry of the audit log is lost"`) ||
		!strings.Contains(log, "no space left") {
		t.Errorf("the log says %s", log)
	}
	if !strings.Contains(w.admin("/metrics"), "\nprofilectl_audit_failures_total 1\n") {
		t.Error("the failure is not counted")
	}
}

// TestOpenReleasesWhatItHoldsIfItFails also fails if a goroutine of the tracer is left.
func TestOpenReleasesWhatItHoldsIfItFails(t *testing.T) {
	for name, change := range map[string]func(*serve.Settings){
		"the id of another tenant":  func(s *serve.Settings) { s.TenantID = "11111111-2222-3333-4444-555555555555" },
		"a missing attributes file": func(s *serve.Settings) { s.Attributes.File = "missing" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "audit")
				_, err := serve.Open(t.Context(), settings(t, change, func(s *serve.Settings) {
					s.AuditLog = path
					s.Traces.Endpoint = "http://localhost:1"
				}), slog.New(slog.DiscardHandler))
				if err == nil {
					t.Fatal("Open succeeded")
				}
				if _, open := findDescriptor(t, path); open {
					t.Error("the audit log is open")
				}
			})
		})
	}
}

// descriptor returns the descriptor of an open file of this process.
func descriptor(t *testing.T, path string) int {
	t.Helper()
	fd, open := findDescriptor(t, path)
	if !open {
		t.Fatalf("%s is not open", path)
	}
	return fd
}

// findDescriptor returns the descriptor of a file of this process, and whether it is open.
func findDescriptor(t *testing.T, path string) (fd int, open bool) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && target == path {
			fd, err := strconv.Atoi(entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			return fd, true
		}
	}
	return 0, false
}
