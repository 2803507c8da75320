package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/internal/cli/command"
)

// block is a code block of a document.
type block struct{ language, text string }

// documentBlocks returns the code blocks of a Markdown text, and the text without them.
func documentBlocks(text string) (blocks []block, prose string) {
	fence := regexp.MustCompile("(?ms)^( *)```(\\w*)\n(.*?)^ *```$")
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, block{m[2], m[3]})
	}
	return blocks, fence.ReplaceAllString(text, "")
}

// documents returns the text of every Markdown file of the repository, by its path.
func documents() (map[string]string, error) {
	texts := map[string]string{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".md"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		texts[name] = string(text)
		return err
	})
	return texts, err
}

// blockCommand runs the shell block of a document that begins with a text, as printed.
// OLD=NEW replaces a value that belongs to the reader, such as a tenant. If a text block
// follows, the commands must print its lines; the number of spaces may differ.
func blockCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: block DOCUMENT BEGINNING [OLD=NEW]...")
	}
	script, printed := findBlock(ts, args)
	ts.Logf("$ %s", script)
	ts.Check(ts.Exec("sh", "-ec", script))
	if printed != "" {
		checkPrinted(ts, printed)
	}
}

// copyBlockCommand writes a block of a document to a file, for example a shell block that
// has to run in the background.
func copyBlockCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: copy-block FILE DOCUMENT BEGINNING [OLD=NEW]...")
	}
	script, _ := findBlock(ts, args[1:])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(script), 0o600))
}

// findBlock returns a block of a document with replaced values, and the text block that
// follows it, if there is one. The arguments are those of block.
func findBlock(ts *testscript.TestScript, args []string) (found, printed string) {
	text, err := os.ReadFile(filepath.Join("../..", args[0])) // the directory of the package
	ts.Check(err)
	blocks, _ := documentBlocks(string(text))
	i := slices.IndexFunc(blocks, func(b block) bool { return strings.HasPrefix(b.text, args[1]) })
	if i < 0 {
		ts.Fatalf("%s has no block that begins with %q", args[0], args[1])
	}
	found = blocks[i].text
	for _, replacement := range args[2:] {
		old, value, _ := strings.Cut(replacement, "=")
		found = strings.ReplaceAll(found, old, value)
	}
	if i+1 < len(blocks) && blocks[i+1].language == "text" {
		printed = blocks[i+1].text
	}
	return found, printed
}

// checkPrinted checks that the last command printed each line of a text, which shows a
// terminal: with headings and arrows, which are not printed into a pipe.
func checkPrinted(ts *testscript.TestScript, text string) {
	normal := func(line string) string {
		return strings.Join(strings.Fields(strings.ReplaceAll(line, "→", "")), " ")
	}
	var printed []string
	for line := range strings.Lines(ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr")) {
		printed = append(printed, normal(line))
	}
	for line := range strings.Lines(text) {
		isHeading := line == strings.ToUpper(line)
		if !isHeading && !slices.Contains(printed, normal(line)) {
			ts.Fatalf("the commands did not print the line %q of the document", line)
		}
	}
}

// TestDocumentedCommandsParse checks that every command of profilectl in a document
// exists and has the flags that it is shown with, in shell blocks and between
// backquotes.
func TestDocumentedCommandsParse(t *testing.T) {
	texts, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, text := range texts {
		blocks, prose := documentBlocks(text)
		for _, b := range blocks {
			if b.language != "sh" {
				continue
			}
			for _, words := range shellCommands(b.text) {
				checked += checkParses(t, name, words, true)
			}
		}
		for _, m := range regexp.MustCompile("`(profilectl [^`\n]+)`").FindAllStringSubmatch(prose, -1) {
			for _, words := range shellCommands(m[1]) {
				checked += checkParses(t, name, words, false)
			}
		}
	}
	if checked < 80 {
		t.Errorf("only %d commands were found", checked)
	}
}

// checkParses parses a command of profilectl, and returns the number of commands that
// it parsed: 0 for another program. A complete command must also have the right number
// of arguments.
func checkParses(t *testing.T, document string, words []string, complete bool) int {
	t.Helper()
	words = profilectlArguments(words)
	if words == nil {
		return 0
	}
	shown := strings.Join(words, " ")
	c, rest, err := newRoot(command.System(), &command.Globals{}).Find(words)
	if err != nil {
		t.Errorf("%s: profilectl %s: %v", document, shown, err)
		return 1
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Errorf("%s: profilectl %s: %v", document, shown, err)
		return 1
	}
	args := c.Flags().Args()
	if c.HasSubCommands() && len(args) > 0 && c.HasParent() {
		t.Errorf("%s: profilectl %s: there is no command %s", document, shown, args[0])
	}
	if complete && c.Args != nil {
		if err := c.ValidateArgs(args); err != nil {
			t.Errorf("%s: profilectl %s: %v", document, shown, err)
		}
	}
	return 1
}

// profilectlArguments returns the arguments of a command if its program is profilectl,
// also after assignments of variables, and otherwise nil.
func profilectlArguments(words []string) []string {
	assignment := regexp.MustCompile(`^\w+=`)
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	switch {
	case len(words) > 0 && words[0] == "profilectl":
		return words[1:]
	case len(words) > 2 && slices.Equal(words[:3], []string{"go", "run", "./cmd/profilectl"}):
		return words[3:]
	}
	return nil
}

// TestIndexListsEveryPage checks that docs/README.md links to every page of docs, except
// those that have an index of their own.
func TestIndexListsEveryPage(t *testing.T) {
	texts, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	index := texts["docs/README.md"]
	for name := range texts {
		page, ok := strings.CutPrefix(name, "docs/")
		if !ok || page == "README.md" {
			continue
		}
		if own := filepath.ToSlash(filepath.Join(filepath.Dir(page), "README.md")); texts["docs/"+own] != "" {
			page = own
		}
		if !strings.Contains(index, "("+page) {
			t.Errorf("the index has no link to %s", page)
		}
	}
}
