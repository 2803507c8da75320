package playground_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/playground"
)

func TestSweepTemporaryRemovesOnlyWhatKilledSandboxesLeft(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	running, err := playground.Start(t.Context(), playground.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	old := time.Now().Add(-25 * time.Hour)
	put := func(dir, file string, changed time.Time) {
		t.Helper()
		path := filepath.Join(temp, dir)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	put("profilectl-old", "ca.pem", old)
	put("profilectl-new", "ca.pem", time.Now())
	put("profilectl-notes", "notes", old)
	put("other", "ca.pem", old)
	if err := os.Chtimes(running.Dir, old, old); err != nil {
		t.Fatal(err)
	}
	playground.SweepTemporary()
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range left {
		names = append(names, entry.Name())
	}
	want := []string{"other", "profilectl-new", "profilectl-notes", filepath.Base(running.Dir)}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("left %q, want %q", names, want)
	}
}
