package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// markdownIndex is the page of the root command. GitHub shows a file of this name with its
// directory.
const markdownIndex = "README.md"

// Markdown returns the reference as Markdown: a page for the root command, for each command
// directly below it with the commands below that one, and for each help topic.
func Markdown(root *cobra.Command) []File {
	complete(root)
	files := []File{{Name: markdownIndex, Text: indexMarkdown(root)}}
	for _, g := range groups(root) {
		for _, c := range g.commands {
			files = append(files, File{Name: c.Name() + ".md", Text: commandMarkdown(c)})
		}
	}
	for _, c := range topics(root) {
		var w markdown
		w.heading(1, c.Short)
		w.blocks(description(c))
		files = append(files, File{Name: c.Name() + ".md", Text: w.out.Bytes()})
	}
	return files
}

func indexMarkdown(root *cobra.Command) []byte {
	var w markdown
	w.heading(1, "Commands")
	w.blocks(description(root))
	for _, g := range groups(root) {
		w.heading(2, g.title)
		w.list(g.commands)
	}
	w.heading(2, "Topics")
	w.list(topics(root))
	w.options("Global options", 2, options(root.NonInheritedFlags()))
	return w.out.Bytes()
}

// commandMarkdown returns the page of a command with the commands below it.
func commandMarkdown(c *cobra.Command) []byte {
	var w markdown
	w.command(1, c)
	w.paragraph("The [global options](" + markdownIndex + "#global-options) apply to every command.")
	return w.out.Bytes()
}

// markdown writes a page.
type markdown struct{ out bytes.Buffer }

func (w *markdown) paragraph(text string) {
	if w.out.Len() > 0 {
		w.out.WriteString("\n")
	}
	w.out.WriteString(text + "\n")
}

func (w *markdown) heading(level int, text string) {
	const deepest = 6
	w.paragraph(strings.Repeat("#", min(level, deepest)) + " " + text)
}

func (w *markdown) code(language string, lines []string) {
	w.paragraph("```" + language + "\n" + strings.Join(lines, "\n") + "\n```")
}

func (w *markdown) blocks(all []block) {
	for _, b := range all {
		if b.verbatim {
			w.code("text", b.lines)
		} else {
			w.paragraph(escapeMarkdown(strings.Join(b.lines, " ")))
		}
	}
}

// list writes a table of commands or topics, each with a page of its own.
func (w *markdown) list(all []*cobra.Command) {
	table := "| name | summary |\n| --- | --- |"
	for _, c := range all {
		table += fmt.Sprintf("\n| [`%s`](%s.md) | %s |", c.Name(), c.Name(), escapeMarkdown(c.Short))
	}
	w.paragraph(table)
}

func (w *markdown) command(level int, c *cobra.Command) {
	w.heading(level, c.CommandPath())
	w.blocks(description(c))
	w.code("text", synopses(c))
	if c.Example != "" {
		w.paragraph("Examples:")
		for _, b := range blocks(c.Example) {
			w.code("sh", b.lines)
		}
	}
	w.options("", level, options(c.NonInheritedFlags()))
	for _, g := range groups(c) {
		for _, sub := range g.commands {
			w.command(level+1, sub)
		}
	}
}

// options writes a table of options, under a heading if it has a title.
func (w *markdown) options(title string, level int, all []option) {
	if len(all) == 0 {
		return
	}
	if title != "" {
		w.heading(level, title)
	}
	table := "| option | meaning |\n| --- | --- |"
	for _, o := range all {
		names := "`" + strings.Join(o.names, "`, `")
		if o.value != "" {
			names += " " + o.value
		}
		table += fmt.Sprintf("\n| %s` | %s |", names, escapeMarkdown(o.usage))
	}
	w.paragraph(table)
}

// escapeMarkdown escapes text outside code.
func escapeMarkdown(text string) string {
	return strings.NewReplacer(
		`\`, `\\`, "<", `\<`, "*", `\*`, "[", `\[`, "|", `\|`, "`", "\\`",
	).Replace(text)
}
