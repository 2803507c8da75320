package auditlog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func entry(id string) Entry {
	return Entry{
		Time:          time.Date(2026, 3, 1, 12, 30, 0, 5000, time.FixedZone("CET", 3600)),
		ObjectID:      id,
		Client:        "c",
		Fields:        []string{"city", "displayName"},
		Outcome:       Changed,
		CorrelationID: "i",
	}
}

// TestLogKeepsItsFormat freezes the format: programs read it.
func TestLogKeepsItsFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	l := opened(t, path)
	write(t, l, entry("o"))
	write(t, l, Entry{Subject: "s", Fields: []string{"city"}, Outcome: Unknown})
	const want = `{"time":"2026-03-01T11:30:00.000005Z","oid":"o","client":"c","fields":["city","displayName"],` +
		`"outcome":"changed","correlationId":"i"}` + "\n" +
		`{"time":"0001-01-01T00:00:00Z","sub":"s","client":"","fields":["city"],` +
		`"outcome":"unknown","correlationId":""}` + "\n"
	if got := content(t, path); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	if err := Check(path); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("Check left %v, %v", left, err)
	}
	write(t, opened(t, path), entry("1"))
	before := content(t, path)
	if err := Check(path); err != nil || content(t, path) != before {
		t.Errorf("got %v, and the file holds %q", err, content(t, path))
	}
}

// TestLogsShareAFile writes from many goroutines and two logs, as two replicas do.
func TestLogsShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	logs := []*Log{opened(t, path), opened(t, path)}
	const writers, each = 8, 100
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for k := range each {
				if err := logs[i%2].Write(entry(strconv.Itoa(i*each + k))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(content(t, path)) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		seen[e.ObjectID] = true
	}
	if len(seen) != writers*each {
		t.Errorf("got %d entries, want %d", len(seen), writers*each)
	}
}

// TestLogContinuesAfterRotation shows both ways in which logrotate works: copytruncate
// empties the file, and the default moves it away and tells the process.
func TestLogContinuesAfterRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	l := opened(t, path)
	write(t, l, entry("1"))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, l, entry("2"))
	if got := content(t, path); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, `{"time"`) {
		t.Errorf("after copytruncate: %q", got)
	}
	if changed, err := l.Reopen(); changed || err != nil {
		t.Errorf("reopened the same file: %v, %v", changed, err)
	}
	if runtime.GOOS == "windows" {
		return // an open file cannot be moved there
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, l, entry("3"))
	if changed, err := l.Reopen(); !changed || err != nil {
		t.Errorf("reopened another file: %v, %v", changed, err)
	}
	write(t, l, entry("4"))
	if old := content(t, path+".1"); !strings.Contains(old, `"oid":"3"`) || strings.Contains(old, `"oid":"4"`) {
		t.Errorf("the old file holds %q", old)
	}
	if got := content(t, path); !strings.Contains(got, `"oid":"4"`) || strings.Count(got, "\n") != 1 {
		t.Errorf("the new file holds %q", got)
	}
}

// TestLogKeepsItsFileIfReopeningFails: an audit log must not end because of a mistake in
// its directory.
func TestLogKeepsItsFileIfReopeningFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit")
	l := opened(t, path)
	if runtime.GOOS == "windows" {
		return // the directory of an open file cannot be moved there
	}
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reopen(); err == nil || l.Err() == nil {
		t.Error("a missing directory is no error")
	}
	write(t, l, entry("1"))
	if got := content(t, filepath.Join(dir+"-moved", "audit")); !strings.Contains(got, `"oid":"1"`) {
		t.Errorf("got %q", got)
	}
	if err := os.Rename(dir+"-moved", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reopen(); err != nil || l.Err() != nil {
		t.Errorf("after the repair: %v, %v", err, l.Err())
	}
}

// TestLogReportsAFullDisk writes to a device that is always full, and then to a file that
// a write has cut off within a line.
func TestLogReportsAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	l := opened(t, path)
	if runtime.GOOS == "linux" {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		regular := l.file
		l.file = full
		if err := l.Write(entry("lost")); err == nil {
			t.Error("a full disk is no error")
		}
		l.file = regular
		_ = full.Close() // nothing was written to it
	}
	if _, err := l.file.WriteString(`{"time`); err != nil {
		t.Fatal(err)
	}
	l.torn = true
	write(t, l, entry("1"))
	write(t, l, entry("2"))
	if lines := strings.Split(content(t, path), "\n"); len(lines) != 4 || lines[0] != `{"time` {
		t.Errorf("got %q", lines)
	}
}

func opened(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // only the content of the file matters
	return l
}

func write(t *testing.T, l *Log, e Entry) {
	t.Helper()
	if err := l.Write(e); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
