package playground

import (
	"os"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/statefile"
)

const (
	// tempGlob is the pattern for the directories of temporary tenants.
	tempGlob = "profilectl-*"
	// tempLifetime is how long the directory of a killed sandbox is kept.
	tempLifetime = 24 * time.Hour
)

// SweepTemporary removes the directories of temporary tenants whose process was killed
// more than a day ago. It keeps those that are in use, those of other users, and all
// that do not look like one.
func SweepTemporary() {
	before := time.Now().Add(-tempLifetime)
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), tempGlob))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !info.ModTime().Before(before) || statefile.Foreign(dir) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, "ca.pem")); err == nil && !Running(dir) {
			_ = os.RemoveAll(dir) // tried again the next time
		}
	}
}
