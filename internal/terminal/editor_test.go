package terminal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

func TestEditorGetsThePathAsOneWord(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	t.Setenv("TEST_BROWSER", "edit")
	t.Setenv("TEST_SEEN", seen)
	for _, name := range []string{"profile.yaml", "my profile.yaml", "Jörg & Müller (1).yaml"} {
		path := filepath.Join(t.TempDir(), name)
		editor := terminal.Editor{Getenv: env("EDITOR", `"`+os.Args[0]+`" --wait "two words"`)}
		if err := editor.Open(t.Context(), path); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := os.ReadFile(seen)
		want := strings.Join([]string{"--wait", "two words", path}, "\n")
		if err != nil || string(got) != want {
			t.Errorf("%s: the arguments are %q, %v", name, got, err)
		}
	}
}

func TestEditorThatFailsCancelsTheEdit(t *testing.T) {
	t.Setenv("TEST_BROWSER", "fail")
	editor := terminal.Editor{Getenv: env("EDITOR", `"`+os.Args[0]+`" now`)}
	if f := fault.As(editor.Open(t.Context(), "profile.yaml")); f.Kind != fault.Canceled {
		t.Errorf("got %v", f)
	}
}
