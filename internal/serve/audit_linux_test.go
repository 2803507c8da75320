package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

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

// descriptor returns the descriptor of an open file of this process.
func descriptor(t *testing.T, path string) int {
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
			return fd
		}
	}
	t.Fatalf("%s is not open", path)
	return 0
}
