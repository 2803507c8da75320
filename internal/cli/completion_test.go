package cli

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
)

// TestCompletionKnowsEveryValueThatHelpLists walks the tree of commands. It fails if the
// help of a flag, or the usage of an argument, lists values that are not completed, and if
// a flag or an argument names a kind of value that must be completed and has no completion.
func TestCompletionKnowsEveryValueThatHelpLists(t *testing.T) {
	t.Setenv("PROFILECTL_CONFIG_DIR", t.TempDir())
	t.Setenv("PROFILECTL_STATE_DIR", t.TempDir())
	root := newRoot(command.System(), &command.Globals{})
	flags, arguments := 0, 0
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { flags += checkFlagCompletion(t, c, f) })
		arguments += checkArgumentCompletion(t, c)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if flags < 40 || arguments < 25 {
		t.Errorf("only %d flags and %d arguments were checked; does the test still find them?", flags, arguments)
	}
}

// checkFlagCompletion returns 1 if the flag needs a completion.
func checkFlagCompletion(t *testing.T, c *cobra.Command, f *pflag.Flag) int {
	t.Helper()
	kinds := []string{
		"file", "directory", "context", "version", "roles", "credential", "permission",
		"account", "format", "mode", "ids", "fields", "field", "field=value", "algorithm",
	}
	kind, usage := pflag.UnquoteUsage(f)
	want := listedValues(usage)
	if f.NoOptDefVal != "" || want == nil && !slices.Contains(kinds, kind) {
		return 0
	}
	values, ok := c.GetFlagCompletionFunc(f.Name)
	if !ok {
		t.Errorf("%s --%s has no completion, but a value that has a set: %s", c.CommandPath(), f.Name, usage)
		return 1
	}
	found, _ := values(c, nil, "")
	checkCompletes(t, c.CommandPath()+" --"+f.Name, want, found)
	return 1
}

// listedValues returns the values that the help of a flag lists after a colon, such as
// table, json and yaml in "output format: table, json or yaml".
func listedValues(usage string) []string {
	const value = `[A-Za-z0-9_.-]+(?: \(\w+\))?`
	list := regexp.MustCompile(`: (` + value + `(?:, ` + value + `)* or [A-Za-z0-9_.-]+)(?: \(|;|,|$)`)
	found := list.FindStringSubmatch(usage)
	if found == nil {
		return nil
	}
	text := regexp.MustCompile(` \(\w+\)`).ReplaceAllString(found[1], "")
	return strings.FieldsFunc(strings.ReplaceAll(text, " or ", ","), func(r rune) bool {
		return r == ',' || r == ' '
	})
}

// checkArgumentCompletion returns the number of arguments that need a completion: all that
// are not new or free text.
func checkArgumentCompletion(t *testing.T, c *cobra.Command) (checked int) {
	t.Helper()
	free := []string{"NAME", "DURATION", "TIME", "EMAIL of add"}
	_, usage, _ := strings.Cut(strings.ReplaceAll(c.Use, " | ", "|"), " ")
	for i, word := range strings.Fields(usage) {
		word = strings.Trim(word, "[]")
		if slices.Contains(free, word) || slices.Contains(free, word+" of "+c.Name()) || word == "--" || c.Hidden {
			continue
		}
		checked++
		if c.ValidArgsFunction == nil {
			t.Errorf("%s completes no %s", c.CommandPath(), word)
			continue
		}
		var want []string
		if word == strings.ToLower(word) {
			want = strings.Split(word, "|")
		}
		found, _ := c.ValidArgsFunction(c, slices.Repeat([]string{"x"}, i), "")
		checkCompletes(t, c.CommandPath()+" "+word, want, found)
	}
	return checked
}

func checkCompletes(t *testing.T, what string, want []string, found []cobra.Completion) {
	t.Helper()
	known := map[string]bool{}
	for _, completion := range found {
		value, _, _ := strings.Cut(completion, "\t")
		known[value] = true
	}
	for _, value := range want {
		if !known[value] {
			t.Errorf("%s does not complete %s, only %q", what, value, slices.Sorted(maps.Keys(known)))
		}
	}
}

// TestCompletionOffersValuesOfSettings checks config set, whose second argument depends on
// the first one.
func TestCompletionOffersValuesOfSettings(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"store"}, []string{"keyring", "file", "memory"}},
		{[]string{"history"}, []string{"true", "false"}},
		{[]string{"client-id"}, nil},
		{[]string{"store", "file"}, nil},
	} {
		if got, _ := settingValues(nil, c.args, ""); !slices.Equal(got, c.want) {
			t.Errorf("after %q: %q, not %q", c.args, got, c.want)
		}
	}
}

// TestCommandsHaveTheirNames checks the table of commands, from which only the command of
// the command line is made.
func TestCommandsHaveTheirNames(t *testing.T) {
	for _, group := range commandGroups() {
		for name, newCommand := range group.commands {
			if got := newCommand(command.System(), &command.Globals{}).Name(); got != name {
				t.Errorf("the command %s is called %s", name, got)
			}
		}
	}
}

func TestCommandNameSkipsGlobalFlags(t *testing.T) {
	for line, want := range map[string]string{
		"":                             "",
		"show":                         "show",
		"show --help":                  "show",
		"-t show edit --yes":           "edit",
		"--output json --verbose show": "show",
		"--help show":                  "",
		"--unknown show":               "",
		"-- show":                      "show",
	} {
		if got := commandName(strings.Fields(line)); got != want {
			t.Errorf("%q: %q, not %q", line, got, want)
		}
	}
}
