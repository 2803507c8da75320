package cli

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestFixNamesTheTenantAndAccountOfTheRun(t *testing.T) {
	run := globals{Tenant: "contoso", Account: "ada o'neil"}
	for _, c := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{"an action alone", fault.Error{Next: fault.DoSignIn}, `run ` + "`profilectl login --tenant contoso --account 'ada o'\\''neil'`"},
		{
			"a fix and an action",
			fault.Error{Fix: "check the clock", Next: fault.DoSignIn},
			`check the clock, then run ` + "`profilectl login --tenant contoso --account 'ada o'\\''neil'`",
		},
		{
			"a setting",
			fault.Error{Fix: "choose another redirect-port", Setting: "redirect-port"},
			"choose another redirect-port with `profilectl config set redirect-port VALUE --tenant contoso --account 'ada o'\\''neil'`",
		},
		{"an action without a command", fault.Error{Next: fault.DoStepUp}, "run the same command in a terminal, without --no-input"},
		{"a fix alone", fault.Error{Fix: "try again in a minute"}, "try again in a minute"},
	} {
		if got := run.fix(&c.err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFixKeepsTheTenantThatACommandNames(t *testing.T) {
	run := globals{Tenant: "contoso"}
	const line = "profilectl config set --tenant fabrikam authority fabrikam"
	if got := run.command(line); got != line {
		t.Errorf("got %s, want %s", got, line)
	}
}

func TestRemediesAreComplete(t *testing.T) {
	for _, a := range fault.Actions() {
		if r := remedyFor(a); r.alone == "" || r.after == "" {
			t.Errorf("%v has no words", a)
		}
	}
}

// Every command that this package prints exists, with its flags.
func TestSuggestedCommandsExist(t *testing.T) {
	commands := suggestedCommands(t)
	if len(commands) < 20 {
		t.Fatalf("found only %d commands", len(commands))
	}
	env := Env{
		Stdin:  strings.NewReader(""),
		Stdout: io.Discard,
		Stderr: io.Discard,
		Getenv: func(string) string { return "" },
		Exists: func(string) bool { return false },
	}
	run := globals{Config: "config.yaml", Tenant: "contoso", Account: "ada"}
	for _, command := range commands {
		args := append(strings.Fields(run.command(command))[1:], "--help")
		if code := Main(context.Background(), env, args); code != exitDone {
			t.Errorf("`%s --help` ends with exit code %d", command, code)
		}
	}
}

// suggestedCommands returns the commands in the string literals of this package:
// literals that begin with profilectl and a command, and what stands between
// backquotes or double quotes in longer texts.
func suggestedCommands(t *testing.T) []string {
	t.Helper()
	whole := regexp.MustCompile("^profilectl [a-z][^\n%]*$")
	within := regexp.MustCompile("[`\"](profilectl [a-z][^`\"%]*)[`\"]")
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if whole.MatchString(text) {
				commands = append(commands, text)
			}
			for _, m := range within.FindAllStringSubmatch(text, -1) {
				commands = append(commands, m[1])
			}
			return true
		})
	}
	return commands
}
