package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandExplainsItself: a short sentence, and examples that name the
// command.
func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "completion" || c.Name() == "help" {
			return
		}
		if c.Short == "" {
			t.Errorf("%s has no short sentence", c.CommandPath())
		}
		if c.Runnable() && c.HasParent() && !strings.Contains(c.Example, c.CommandPath()) && !strings.Contains(c.Parent().Example, c.CommandPath()) {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(System(), &globals{}))
}
