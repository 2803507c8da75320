package cli

import (
	"runtime"
	"runtime/debug"
)

// version is set by the release build (-ldflags -X). Without it, the version that
// the Go toolchain recorded is used.
var version = ""

// build describes this build.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild returns the description of the running program.
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

// userAgent returns the User-Agent header of every request.
func userAgent() string { return "profilectl/" + thisBuild().Version }
