package command

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestReleaseBuildSetsTheVersion checks that .goreleaser.yaml sets the variable
// that build.go reads.
func TestReleaseBuildSetsTheVersion(t *testing.T) {
	raw, err := os.ReadFile("../../../.goreleaser.yaml")
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
	if len(release.Builds) != 1 {
		t.Fatalf("got %d builds, want 1", len(release.Builds))
	}
	build := release.Builds[0]
	if want := "./cmd/profilectl"; build.Main != want {
		t.Errorf("the release builds %s, want %s", build.Main, want)
	}
	const setVersion = "-X github.com/profilectl/profilectl/internal/cli/command.version={{ .Version }}"
	if flags := strings.Join(build.LDFlags, " "); !strings.Contains(flags, setVersion) {
		t.Errorf("the linker flags are %s, want %s", flags, setVersion)
	}
	if version != "" {
		t.Errorf("a development build has the version %q, want none", version)
	}
}
