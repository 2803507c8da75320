package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Sections of the manual of Unix.
const (
	sectionCommands = "1"
	sectionTopics   = "7"
)

// Edition is what man prints in the footer of a page.
type Edition struct {
	Version string // such as 1.2.3
	Date    string // such as 2026-01-31
}

// Man returns a man page for each command in section 1, and for each help topic in section
// 7. The pages use the macros of man(7).
func Man(root *cobra.Command, e Edition) []File {
	complete(root)
	var files []File
	for _, c := range commands(root) {
		files = append(files, File{Name: manName(c) + "." + sectionCommands, Text: commandMan(c, e)})
	}
	for _, c := range topics(root) {
		files = append(files, File{Name: manName(c) + "." + sectionTopics, Text: topicMan(c, e)})
	}
	return files
}

func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func commandMan(c *cobra.Command, e Edition) []byte {
	var w roff
	w.heading(c, sectionCommands, e)
	w.macro("SH", "SYNOPSIS")
	for i, line := range synopses(c) {
		if i > 0 {
			w.macro("br")
		}
		rest := strings.TrimPrefix(line, c.CommandPath())
		w.line(`\fB` + escapeRoff(c.CommandPath()) + `\fR` + escapeRoff(rest))
	}
	w.macro("SH", "DESCRIPTION")
	w.blocks(description(c))
	w.commands(c)
	w.options("OPTIONS", options(c.NonInheritedFlags()))
	w.options("GLOBAL OPTIONS", options(c.InheritedFlags()))
	if c.Example != "" {
		w.macro("SH", "EXAMPLES")
		w.blocks(blocks(c.Example))
	}
	w.macro("SH", "EXIT STATUS")
	w.line("See " + reference(c.Root().Name()+"-exit-codes", sectionTopics) + ".")
	w.seeAlso(c)
	return w.out.Bytes()
}

func topicMan(c *cobra.Command, e Edition) []byte {
	var w roff
	w.heading(c, sectionTopics, e)
	w.macro("SH", "DESCRIPTION")
	w.blocks(description(c))
	w.seeAlso(c)
	return w.out.Bytes()
}

// roff writes the source of a man page.
type roff struct{ out bytes.Buffer }

func (w *roff) macro(name string, args ...string) {
	w.out.WriteString("." + name)
	for _, arg := range args {
		w.out.WriteString(` "` + strings.ReplaceAll(escapeRoff(arg), `"`, `\(dq`) + `"`)
	}
	w.out.WriteString("\n")
}

// line writes a line whose text is escaped already.
func (w *roff) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	w.out.WriteString(text + "\n")
}

func (w *roff) heading(c *cobra.Command, section string, e Edition) {
	program := c.Root().Name()
	w.macro("TH", strings.ToUpper(manName(c)), section, e.Date, program+" "+e.Version, program+" manual")
	w.macro("nh")                // words and options are not hyphenated
	w.out.WriteString(".ad l\n") // nor are lines stretched
	w.macro("SH", "NAME")
	w.line(escapeRoff(manName(c)) + ` \- ` + escapeRoff(c.Short))
}

func (w *roff) blocks(all []block) {
	for i, b := range all {
		switch {
		case b.verbatim:
			w.macro("PP")
			w.macro("RS", "4")
			w.macro("EX")
		case i > 0:
			w.macro("PP")
		}
		for _, line := range b.lines {
			w.line(escapeRoff(line))
		}
		if b.verbatim {
			w.macro("EE")
			w.macro("RE")
		}
	}
}

func (w *roff) commands(c *cobra.Command) {
	all := groups(c)
	if len(all) == 0 {
		return
	}
	w.macro("SH", "COMMANDS")
	for _, g := range all {
		if g.title != "" {
			w.macro("SS", g.title)
		}
		for _, sub := range g.commands {
			w.macro("TP")
			w.line(reference(manName(sub), sectionCommands))
			w.line(escapeRoff(sub.Short))
		}
	}
}

func (w *roff) options(title string, all []option) {
	if len(all) == 0 {
		return
	}
	w.macro("SH", title)
	for _, o := range all {
		w.macro("TP")
		var names []string
		for _, name := range o.names {
			names = append(names, `\fB`+escapeRoff(name)+`\fR`)
		}
		line := strings.Join(names, ", ")
		if o.value != "" {
			line += ` \fI` + escapeRoff(o.value) + `\fR`
		}
		w.line(line)
		w.line(escapeRoff(o.usage))
	}
}

// seeAlso refers to the command above, and from the root to the topics.
func (w *roff) seeAlso(c *cobra.Command) {
	var others []string
	if c.HasParent() {
		others = append(others, reference(manName(c.Parent()), sectionCommands))
	}
	for _, topic := range topics(c) {
		others = append(others, reference(manName(topic), sectionTopics))
	}
	if len(others) > 0 {
		w.macro("SH", "SEE ALSO")
		w.line(strings.Join(others, ",\n"))
	}
}

func reference(name, section string) string {
	return fmt.Sprintf(`\fB%s\fR(%s)`, escapeRoff(name), section)
}

// escapeRoff escapes text. A plain - would be a hyphen, which a terminal cannot paste back
// as an option.
func escapeRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	return breakable(text)
}

// breakable lets a long address continue on the next line after each slash of its path.
func breakable(text string) string {
	before, rest, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	end := strings.IndexAny(rest, " \n")
	if end < 0 {
		end = len(rest)
	}
	return before + "://" + strings.ReplaceAll(rest[:end], "/", `/\:`) + breakable(rest[end:])
}
