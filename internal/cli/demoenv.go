package cli

import (
	"slices"

	"github.com/profilectl/profilectl/internal/playground"
)

// inPlayground returns an Env whose only tenant is the playground's. Neither the
// user's configuration nor the user's files are used.
func inPlayground(env Env, p *playground.Playground) Env {
	variables := p.Variables()
	variables["PROFILECTL_STORE"] = "memory"
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "AppData", "LocalAppData"} {
		variables[name] = p.Dir
	}
	kept := []string{ // the terminal and the browser are the user's
		"NO_COLOR", "CLICOLOR_FORCE", "TERM", "CI", "ACCESSIBLE",
		"BROWSER", "PROFILECTL_BROWSER", "DISPLAY", "WAYLAND_DISPLAY",
		"SSH_CONNECTION", "SSH_TTY", "WSL_DISTRO_NAME", "WSL_INTEROP", "container",
	}
	getenv := env.Getenv
	env.Getenv = func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		if slices.Contains(kept, name) {
			return getenv(name)
		}
		return ""
	}
	return env
}
