package playground_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
)

func TestOpenOfflineNamesADirectoryThatItCannotRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unreadable := t.TempDir()
	if err := os.Mkdir(filepath.Join(unreadable, "state.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]struct {
		kind fault.Kind
		what string
	}{
		file + "\x00":                        {fault.Usage, "cannot use the directory "},
		unreadable:                           {fault.Usage, "cannot use the directory "},
		t.TempDir():                          {fault.Unavailable, "no sandbox is running, and "},
		filepath.Join(t.TempDir(), "absent"): {fault.Unavailable, "no sandbox is running, and "},
	} {
		_, err := playground.OpenOffline(dir)
		if f := fault.As(err); f.Kind != want.kind || !strings.HasPrefix(f.What, want.what) {
			t.Errorf("%q: got %v, want %s", dir, err, want.what)
		}
	}
}
