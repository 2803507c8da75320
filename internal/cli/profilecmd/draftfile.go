package profilecmd

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/statefile"
)

// draftFile is the path of a draft that the user is writing in an editor. Drafts are
// in the state directory, so that a restart of the machine does not lose them, and
// only their owner can read them.
type draftFile string

// draftLifetime is how long a draft that was never sent is kept.
const draftLifetime = 30 * 24 * time.Hour

// newDraftFile makes an empty draft. It also removes old ones.
func newDraftFile(stateDir string) (draftFile, error) {
	dir := draftDir(stateDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", statefile.WriteFault(dir, err)
	}
	sweep(dir, time.Now().Add(-draftLifetime))
	f, err := os.CreateTemp(dir, "profile-*.yaml") // 0600
	if err != nil {
		return "", statefile.WriteFault(dir, err)
	}
	return draftFile(f.Name()), f.Close()
}

func draftDir(stateDir string) string { return filepath.Join(stateDir, "drafts") }

func (f draftFile) write(text []byte) error {
	if err := os.WriteFile(string(f), text, 0o600); err != nil {
		return fmt.Errorf("write draft: %w", err)
	}
	return nil
}

// remove removes the draft after it was sent. A draft that cannot be removed is
// swept later.
func (f draftFile) remove() {
	if f != "" {
		_ = os.Remove(string(f))
	}
}

// sweep removes the files of a directory that were last changed before a time.
func sweep(dir string, before time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(dir, entry.Name())) // tried again the next time
		}
	}
}
