package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/manual"
)

// TestCommandReferenceIsCurrent compares the Markdown reference with the commands. With
// UPDATE=1, it writes the pages.
func TestCommandReferenceIsCurrent(t *testing.T) {
	const dir = "../../docs/reference/commands"
	files := manual.Markdown(newRoot(command.System(), &command.Globals{}))
	if os.Getenv("UPDATE") != "" {
		if err := writeManual(dir, files); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		text, err := os.ReadFile(filepath.Join(dir, f.Name))
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		if err != nil || !bytes.Equal(text, f.Text) {
			t.Errorf("%s is not current; run UPDATE=1 go test ./internal/cli -run CommandReference", f.Name)
		}
	}
	slices.Sort(names)
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, page := range pages {
		pages[i] = filepath.Base(page)
	}
	if !slices.Equal(pages, names) {
		t.Errorf("the directory has %v, want %v", pages, names)
	}
}
