package cli

import (
	"slices"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
)

func TestRootHasOnlyTheCommandThatIsRun(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string // nil for all commands
	}{
		{"a command", []string{"show", "-o", "json"}, []string{"show"}},
		{"a command after flags", []string{"-t", "sandbox", "edit", "--yes"}, []string{"edit"}},
		{"the flag of the version", []string{"--version"}, []string{"version"}},
		{"the flag of the version with others", []string{"-o", "json", "--version"}, []string{"version"}},
		{"a command with the flag of the version", []string{"--version", "show"}, []string{"show"}},
		{"no command", nil, nil},
		{"an unknown command", []string{"shwo"}, nil},
		{"an unknown flag", []string{"--vesion"}, nil},
		{"the help", []string{"--version", "--help"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, command := range newRootFor(command.System(), &command.Globals{}, c.args).Commands() {
				got = append(got, command.Name())
			}
			if c.want == nil && len(got) < 10 || c.want != nil && !slices.Equal(got, c.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}
