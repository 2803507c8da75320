package command

import (
	"runtime"
	"runtime/debug"
)

// version is set by the release build (-ldflags -X). Without it, the version that
// the Go toolchain recorded is used.
var version = ""

// Build describes this build.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ThisBuild returns the description of the running program.
func ThisBuild() Build {
	b := Build{
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

// UserAgent returns the User-Agent header of every request.
func UserAgent() string { return "profilectl/" + ThisBuild().Version }
