package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/output"
)

// version is set by the release build (-ldflags -X). Without it, the version that
// the Go toolchain recorded is used.
var version = ""

// versionCommand is the name of the command, and of the flag that does the same.
const versionCommand = "version"

// build describes this build.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion(env Env, g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     versionCommand,
		Short:   "Print the version",
		Args:    cobra.NoArgs,
		Example: "  profilectl version -o json",
		RunE:    func(*cobra.Command, []string) error { return runVersion(env, g) },
	}
}

func runVersion(env Env, g *globals) error {
	b := thisBuild()
	p, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	if p.Format == output.FormatTable {
		_, err := fmt.Fprintf(env.Stdout, "profilectl %s %s %s %s\n", b.Version, b.Revision, b.Go, b.Platform)
		return err
	}
	return p.Print(b, output.Table{})
}

func thisBuild() build {
	b := build{
		Version:  version,
		Revision: "unknown",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if ok && b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	if !ok {
		return b
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Revision = setting.Value
		}
	}
	return b
}
