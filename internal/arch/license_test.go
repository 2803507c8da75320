package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// allowedLicenses are the licenses (SPDX) that allow everyone to use and distribute the
// program under its own license.
var allowedLicenses = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// noLicenseFile are modules that have their license elsewhere.
var noLicenseFile = map[string]string{
	"github.com/mattn/go-localereader": "its README.md says MIT", // for Windows, through huh
}

// TestModulesHaveAllowedLicenses reads the license of every module in the program, on
// each system.
func TestModulesHaveAllowedLicenses(t *testing.T) {
	checked := 0
	for path, dir := range linkedModules(t) {
		if noLicenseFile[path] != "" {
			continue
		}
		checked++
		files, err := filepath.Glob(filepath.Join(dir, "LICENSE*"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no license: %v", path, err)
			continue
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		cover := licensecheck.Scan(text)
		if len(cover.Match) == 0 || cover.Percent < 75 {
			t.Errorf("%s has an unknown license (%.0f %% known)", path, cover.Percent)
		}
		for _, match := range cover.Match {
			if !slices.Contains(allowedLicenses, match.ID) {
				t.Errorf("%s has the license %s", path, match.ID)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d modules were checked", checked)
	}
}

// linkedModules returns the modules that are linked into profilectl, and where their
// files are.
func linkedModules(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		c := exec.Command("go", "list", "-deps", "-json=Module", "../../cmd/profilectl")
		c.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var pkg struct {
				Module *struct{ Path, Dir string }
			}
			if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if pkg.Module != nil {
				all[pkg.Module.Path] = pkg.Module.Dir
			}
		}
	}
	return all
}
