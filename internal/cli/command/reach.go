package command

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/profilectl/profilectl/internal/loopback"
	"github.com/profilectl/profilectl/internal/terminal"
)

// Reach returns how the browser of another machine can open a page of this one, or "" if it
// can open the page anyway, or nothing is known to help.
func Reach(facts terminal.Capabilities, page string) string {
	ports := LocalPorts(page)
	switch {
	case len(ports) == 0:
		return ""
	case facts.SSH:
		return Forwarding(ports...)
	case facts.Container && !facts.Display:
		return fmt.Sprintf("The page is in this container. To use a browser outside, start the container "+
			"with the port published, and the sandbox on all addresses of the container:\n\n"+
			"  podman run -p 127.0.0.1:%[1]d:%[1]d …\n  profilectl sandbox --bind 0.0.0.0\n", ports[0])
	}
	return ""
}

// Forwarding returns how the browser of the machine that a user came from by SSH reaches
// ports of this machine.
func Forwarding(ports ...int) string {
	text := "To use the browser of your own machine, first run this command there:\n\n  ssh -N"
	for _, port := range ports {
		text += fmt.Sprintf(" -L %[1]d:localhost:%[1]d", port)
	}
	return text + " HOST\n"
}

// LocalPorts returns the port of a page that only browsers on this machine can open, as those
// of the sandbox, or none.
func LocalPorts(page string) []int {
	u, err := url.Parse(page)
	if err != nil || !loopback.IsHost(u.Hostname()) {
		return nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return nil
	}
	return []int{port}
}
