package cli

import (
	"slices"
	"strings"
	"testing"
)

// shellCommands returns the simple commands of a shell script, each as its words. It
// knows quotes, comments, pipes, lists and $(…), which is what documents use.
func shellCommands(script string) [][]string {
	p := shellParser{rest: script}
	p.run()
	return p.commands
}

// shellParser splits a script into words and commands.
type shellParser struct {
	rest     string
	commands [][]string
	command  []string
	word     strings.Builder
	inWord   bool
}

func (p *shellParser) run() {
	for p.rest != "" {
		c := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case c == '\'':
			p.quoted("'")
		case c == '"':
			p.doubleQuoted()
		case c == '$' && strings.HasPrefix(p.rest, "("):
			p.substitution()
		case c == '\\' && strings.HasPrefix(p.rest, "\n"):
			p.rest = p.rest[1:]
		case c == '#' && !p.inWord:
			_, p.rest, _ = strings.Cut(p.rest, "\n")
			p.endCommand()
		case c == ' ' || c == '\t':
			p.endWord()
		case c == '>' || c == '<':
			p.redirection()
		case strings.IndexByte("\n|&;", c) >= 0:
			p.endCommand()
		default:
			p.word.WriteByte(c)
			p.inWord = true
		}
	}
	p.endCommand()
}

func (p *shellParser) add(text string) {
	p.word.WriteString(text)
	p.inWord = true
}

func (p *shellParser) endWord() {
	if p.inWord {
		p.command = append(p.command, p.word.String())
	}
	p.word.Reset()
	p.inWord = false
}

func (p *shellParser) endCommand() {
	p.endWord()
	if len(p.command) > 0 {
		p.commands = append(p.commands, p.command)
	}
	p.command = nil
}

func (p *shellParser) quoted(end string) {
	text, rest, _ := strings.Cut(p.rest, end)
	p.rest = rest
	p.add(text)
}

func (p *shellParser) doubleQuoted() {
	p.add("")
	for p.rest != "" && p.rest[0] != '"' {
		if strings.HasPrefix(p.rest, "$(") {
			p.rest = p.rest[1:]
			p.substitution()
			continue
		}
		p.add(p.rest[:1])
		p.rest = p.rest[1:]
	}
	p.rest = strings.TrimPrefix(p.rest, `"`)
}

// redirection skips the file that the output goes to or the input comes from.
func (p *shellParser) redirection() {
	if p.word.String() == "2" { // standard error
		p.word.Reset()
		p.inWord = false
	}
	p.endWord()
	p.rest = strings.TrimLeft(p.rest, "> ")
	end := strings.IndexAny(p.rest, " \n|&;")
	if end < 0 {
		end = len(p.rest)
	}
	p.rest = p.rest[end:]
}

// substitution adds the commands in $(…), which stands for one word.
func (p *shellParser) substitution() {
	inner, rest, _ := strings.Cut(p.rest[1:], ")")
	p.rest = rest
	p.commands = append(p.commands, shellCommands(inner)...)
	p.add("$()")
}

func TestShellCommandsSplitsScripts(t *testing.T) {
	const script = `set -a; . ./a.env # settings
A=b profilectl show -o json --jq '.[] | .x' | sed s/a/ü/ >out.txt 2>err.txt &
curl -H "Bearer $(profilectl token --scope edit)" "x y"`
	want := [][]string{
		{"set", "-a"},
		{".", "./a.env"},
		{"A=b", "profilectl", "show", "-o", "json", "--jq", ".[] | .x"},
		{"sed", "s/a/ü/"},
		{"profilectl", "token", "--scope", "edit"},
		{"curl", "-H", "Bearer $()", "x y"},
	}
	if got := shellCommands(script); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
