package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
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
	check(newRoot(command.System(), &command.Globals{}))
}

// hasExample reports whether the examples of a command or of its parent show the
// command.
func hasExample(c *cobra.Command) bool {
	return strings.Contains(c.Example, c.CommandPath()) || strings.Contains(c.Parent().Example, c.CommandPath())
}

// TestHelpFitsEightyColumns checks the help of every command. Only an address or a quoted
// text may be longer.
func TestHelpFitsEightyColumns(t *testing.T) {
	mayBeLong := regexp.MustCompile(`https://|AADSTS50011|^ +"[-0-9a-f]+"\)$|^Use "`)
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		var help bytes.Buffer
		help.WriteString(c.Long + "\n")
		help.WriteString(c.UsageString())
		for line := range strings.Lines(wrapFlags(help.String())) {
			line = strings.TrimRight(line, "\n")
			if utf8.RuneCountInString(line) > helpWidth && !mayBeLong.MatchString(line) {
				t.Errorf("%s: %s", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "completion" { // its texts are cobra's
				check(sub)
			}
		}
	}
	check(newRoot(command.System(), &command.Globals{}))
}
