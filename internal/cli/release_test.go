package cli

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestTheReleaseIsBuiltWithItsVersion: the file of the release can be read, and
// sets the variable that version.go has.
func TestTheReleaseIsBuiltWithItsVersion(t *testing.T) {
	raw, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Builds []struct {
			Main    string
			LDFlags []string `yaml:"ldflags"`
		}
	}
	if err := yaml.Unmarshal(raw, &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Builds) != 1 || release.Builds[0].Main != "./cmd/profilectl" ||
		!strings.Contains(strings.Join(release.Builds[0].LDFlags, " "), "-X github.com/profilectl/profilectl/internal/cli.version={{ .Version }}") {
		t.Errorf("got %+v", release)
	}
	if version != "" {
		t.Errorf("a build that is no release says %q", version)
	}
}
