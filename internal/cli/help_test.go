package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestCommandsHaveASummaryAndAnExample(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "completion" || c.Name() == "help" {
			return
		}
		if c.Short == "" {
			t.Errorf("%s has no summary", c.CommandPath())
		}
		if c.Runnable() && c.HasParent() && !hasExample(c) {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
	check(newRoot(System(), &globals{}))
}

// hasExample reports whether the examples of a command or of its parent show the
// command.
func hasExample(c *cobra.Command) bool {
	return strings.Contains(c.Example, c.CommandPath()) || strings.Contains(c.Parent().Example, c.CommandPath())
}
