package cli

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
)

// TestSuggestedCommandsExist runs every command that the messages of this package and those
// below it suggest with --help, which fails if the command or a flag does not exist.
func TestSuggestedCommandsExist(t *testing.T) {
	commands := suggestedCommands(t)
	if len(commands) < 20 {
		t.Fatalf("found %d commands, want at least 20", len(commands))
	}
	env := command.Env{
		Stdin:   strings.NewReader(""),
		Stdout:  io.Discard,
		Stderr:  io.Discard,
		Getenv:  func(string) string { return "" },
		Environ: func() []string { return nil },
	}
	run := command.Globals{Config: "config.yaml", Tenant: "contoso", Account: "ada"}
	for _, line := range commands {
		args := append(strings.Fields(run.Command(line))[1:], "--help")
		if code := Main(context.Background(), env, args); code != exitDone {
			t.Errorf("`%s --help` ends with exit code %d", line, code)
		}
	}
}

// suggestedCommands returns the profilectl commands in the string literals of the
// packages: whole literals, and what longer ones have between backquotes or
// double quotes.
func suggestedCommands(t *testing.T) []string {
	t.Helper()
	whole := regexp.MustCompile("^profilectl [a-z][^\n%]*$")
	quoted := regexp.MustCompile("[`\"](profilectl [a-z][^`\"%]*)[`\"]")
	var commands []string
	for _, text := range stringLiterals(t) {
		if whole.MatchString(text) {
			commands = append(commands, text)
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			commands = append(commands, m[1])
		}
	}
	return commands
}

// stringLiterals returns the string literals of this package and of those below it, without
// their tests.
func stringLiterals(t *testing.T) (texts []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
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
			texts = append(texts, text)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
