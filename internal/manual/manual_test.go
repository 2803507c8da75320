package manual_test

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/manual"
)

// tool returns the commands of a small program.
func tool() *cobra.Command {
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "tool", Short: "Do things", Long: "tool does things.\n\nTry:\n\n  tool make"}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringP("output", "o", "table", "output `format`: table | json")
	root.AddGroup(&cobra.Group{ID: "g", Title: "Group:"})
	c := &cobra.Command{Use: "make THING", Short: "Make <one> thing", GroupID: "g", Run: run}
	c.Long = "Make a THING\nwith *care*.\n\n  .a  \\x\n\n    b-c\n\n'Tis done."
	c.Example = "  tool make it\n  tool make -o json"
	c.Flags().Bool("dry-run", false, "only print")
	c.AddCommand(&cobra.Command{Use: "all", Short: "Make all", Run: run})
	topic := &cobra.Command{Use: "storage", Short: "What is stored", Long: "Nothing, see https://example.com/a-b/c."}
	hidden := &cobra.Command{Use: "hidden", Short: "Hidden", Hidden: true, Run: run}
	root.AddCommand(c, topic, hidden)
	return root
}

func check(t *testing.T, files []manual.File, want map[string]string) {
	t.Helper()
	for _, f := range files {
		if text, ok := want[f.Name]; !ok {
			t.Errorf("unexpected file %s", f.Name)
		} else if text != "" && string(f.Text) != text {
			t.Errorf("%s: got\n%s\nwant\n%s", f.Name, f.Text, text)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

func TestManWritesAPageForEachCommandAndTopic(t *testing.T) {
	check(t, manual.Man(tool(), manual.Edition{Version: "1.2.3", Date: "2026-01-31"}), map[string]string{
		"tool.1":          "",
		"tool-make-all.1": "",
		"tool-storage.7": `.TH "TOOL\-STORAGE" "7" "2026\-01\-31" "tool 1.2.3" "tool manual"
.nh
.ad l
.SH "NAME"
tool\-storage \- What is stored
.SH "DESCRIPTION"
Nothing, see https://example.com/\:a\-b/\:c.
.SH "SEE ALSO"
\fBtool\fR(1)
`,
		"tool-make.1": `.TH "TOOL\-MAKE" "1" "2026\-01\-31" "tool 1.2.3" "tool manual"
.nh
.ad l
.SH "NAME"
tool\-make \- Make <one> thing
.SH "SYNOPSIS"
\fBtool make\fR THING [flags]
.br
\fBtool make\fR COMMAND
.SH "DESCRIPTION"
Make a THING
with *care*.
.PP
.RS "4"
.EX
\&.a  \ex

  b\-c
.EE
.RE
.PP
\&'Tis done.
.SH "COMMANDS"
.TP
\fBtool\-make\-all\fR(1)
Make all
.SH "OPTIONS"
.TP
\fB\-\-dry\-run\fR
only print
.SH "GLOBAL OPTIONS"
.TP
\fB\-o\fR, \fB\-\-output\fR \fIformat\fR
output format: table | json (default table)
.SH "EXAMPLES"
.PP
.RS "4"
.EX
tool make it
tool make \-o json
.EE
.RE
.SH "EXIT STATUS"
See \fBtool\-exit\-codes\fR(7).
.SH "SEE ALSO"
\fBtool\fR(1)
`,
	})
}

func TestMarkdownWritesAPageForEachCommandOfTheRoot(t *testing.T) {
	const fence = "```"
	check(t, manual.Markdown(tool()), map[string]string{
		"storage.md": "# What is stored\n\nNothing, see https://example.com/a-b/c.\n",
		"README.md": `# Commands

tool does things.

Try:

` + fence + `text
tool make
` + fence + `

## Group

| name | summary |
| --- | --- |
| [` + "`make`" + `](make.md) | Make \<one> thing |

## Topics

| name | summary |
| --- | --- |
| [` + "`storage`" + `](storage.md) | What is stored |

## Global options

| option | meaning |
| --- | --- |
| ` + "`-h`, `--help`" + ` | help for tool |
| ` + "`-o`, `--output format`" + ` | output format: table \| json (default table) |
`,
		"make.md": `# tool make

Make a THING with \*care\*.

` + fence + `text
.a  \x

  b-c
` + fence + `

'Tis done.

` + fence + `text
tool make THING [flags]
tool make COMMAND
` + fence + `

Examples:

` + fence + `sh
tool make it
tool make -o json
` + fence + `

| option | meaning |
| --- | --- |
| ` + "`--dry-run`" + ` | only print |

## tool make all

Make all.

` + fence + `text
tool make all
` + fence + `

The [global options](README.md#global-options) apply to every command.
`,
	})
}
