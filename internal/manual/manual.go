// Package manual writes the reference of a command line from its commands: man pages
// for man(1), and Markdown for the documents. Cobra's own generator is not used, because it
// treats the text of a command as Markdown, which joins the lines of indented tables.
package manual

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// File is one file of the reference.
type File struct {
	Name string
	Text []byte
}

// block is a paragraph, or lines that are printed as they are.
type block struct {
	lines    []string
	verbatim bool
}

// blocks splits the text of a command. Indented lines are verbatim, without the
// indentation that they share.
func blocks(text string) []block {
	var all []block
	blank := true
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimRight(line, " \t\n")
		if line == "" {
			blank = true
			continue
		}
		verbatim := strings.TrimLeft(line, " \t") != line
		last := len(all) - 1
		if last < 0 || all[last].verbatim != verbatim || blank && !verbatim {
			all = append(all, block{verbatim: verbatim})
			last++
		} else if blank {
			all[last].lines = append(all[last].lines, "")
		}
		all[last].lines = append(all[last].lines, line)
		blank = false
	}
	for _, b := range all {
		if b.verbatim {
			dedent(b.lines)
		}
	}
	return all
}

// dedent removes the indentation that all lines share.
func dedent(lines []string) {
	indent := ""
	for i, line := range lines {
		own := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if line != "" && (i == 0 || len(own) < len(indent)) {
			indent = own
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
	}
}

// description returns what a command's help says about it.
func description(c *cobra.Command) []block {
	if c.Long == "" {
		return blocks(c.Short + ".")
	}
	return blocks(c.Long)
}

// group is a list of commands under a heading, which may be empty.
type group struct {
	title    string
	commands []*cobra.Command
}

// groups returns the documented commands below a command, in the groups of its help.
func groups(c *cobra.Command) []group {
	var all []group
	for _, g := range c.Groups() {
		all = append(all, group{strings.TrimSuffix(g.Title, ":"), inGroup(c, g.ID)})
	}
	all = append(all, group{"", inGroup(c, "")})
	return slices.DeleteFunc(all, func(g group) bool { return len(g.commands) == 0 })
}

func inGroup(c *cobra.Command, id string) []*cobra.Command {
	var found []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.GroupID == id && sub.IsAvailableCommand() && sub.Name() != "help" {
			found = append(found, sub)
		}
	}
	return found
}

// topics returns the additional help topics below a command.
func topics(c *cobra.Command) []*cobra.Command {
	var found []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.IsAdditionalHelpTopicCommand() && !sub.Hidden {
			found = append(found, sub)
		}
	}
	return found
}

// commands returns a command and all documented commands below it.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, g := range groups(c) {
		for _, sub := range g.commands {
			all = append(all, commands(sub)...)
		}
	}
	return all
}

// synopses returns the forms in which a command can be given.
func synopses(c *cobra.Command) []string {
	var all []string
	if c.Runnable() {
		all = append(all, c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		all = append(all, c.CommandPath()+" COMMAND")
	}
	return all
}

// option is a flag of a command.
type option struct {
	names []string // such as -o and --output
	value string   // the name of its value; empty for a switch
	usage string   // with the default
}

func options(flags *pflag.FlagSet) []option {
	var all []option
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		switch f.DefValue {
		case "", "false", "0", "0s", "[]", "<nil>":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		o := option{value: value, usage: usage}
		if f.Shorthand != "" {
			o.names = append(o.names, "-"+f.Shorthand)
		}
		o.names = append(o.names, "--"+f.Name)
		all = append(all, o)
	})
	return all
}

// complete adds to a root command what cobra adds when it runs.
func complete(root *cobra.Command) {
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
}
