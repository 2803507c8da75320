// Package cli is the command line. It has one file for each command, and may
// import every other package.
//
// A command consists of an options struct, a bind method that makes its flags, a
// newX func that makes the cobra command, and a runX func that does the work. Env
// holds everything from outside the process. Flags, environment and configuration
// file become a session (session.go). Package output prints results, and report
// (exit.go) prints faults. Main is the whole program as a function.
package cli

import (
	"bytes"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRoot returns the whole tree of commands.
func newRoot(env Env, g *globals) *cobra.Command { return newRootFor(env, g, nil) }

// newRootFor returns the tree of commands that a command line needs: if it begins with the
// name of a command, only that one, because the other commands and their flags take longer
// to make than most commands run.
func newRootFor(env Env, g *globals, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "profilectl",
		Short: "Show and edit your own profile in a Microsoft Entra External ID tenant",
		Long: `profilectl signs you in to a Microsoft Entra External ID tenant, shows your
profile, and edits it. Edits are protected by a second factor.

Without a tenant, try everything offline:

  profilectl demo`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	printVersion := root.Flags().Bool(versionCommand, false, "print the version")
	notFromEnvironment(root.Flags(), versionCommand)
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *printVersion {
			return runVersion(env, g)
		}
		return runRoot(c, env, g)
	}
	g.bind(root.PersistentFlags())
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	addCommands(root, env, g, commandName(args))
	pageHelp(root, env, g)
	complete(root, "tenant", tenants(env, g))
	complete(root, "account", accounts(env, g))
	complete(root, "output", oneOfThese("table", "json", "yaml"))
	complete(root, "progress", oneOfThese(progressAuto, progressJSON, progressNone))
	return root
}

// addCommands adds the groups of commands, and the command with the given name or, if there
// is none, all commands.
func addCommands(root *cobra.Command, env Env, g *globals, name string) {
	all := true
	for _, group := range commandGroups() {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		if newCommand, ok := group.commands[name]; ok {
			all = false
			root.AddCommand(newCommand(env, g))
		}
	}
	root.CompletionOptions.DisableDefaultCmd = !all
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	if !all {
		return
	}
	for _, group := range commandGroups() {
		for _, newCommand := range group.commands {
			c := newCommand(env, g)
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.AddCommand(newOpenURL(env), newManual(env))
	root.AddCommand(topics()...)
	completeKinds(root)
}

// commandGroup is a heading of the help and the commands below it, by name.
type commandGroup struct {
	id, title string
	commands  map[string]func(Env, *globals) *cobra.Command
}

func commandGroups() []commandGroup {
	type commands = map[string]func(Env, *globals) *cobra.Command
	return []commandGroup{
		{"profile", "Your profile:", commands{
			"login":    newLogin,
			"logout":   newLogout,
			"accounts": newAccounts,
			"whoami":   newWhoami,
			"show":     newShow,
			"edit":     newEdit,
			"password": newPassword,
			"history":  newHistory,
			"token":    newToken,
		}},
		{"try", "Try and operate:", commands{
			"demo":       newDemo,
			"sandbox":    newSandbox,
			serveCommand: newServe,
			"doctor":     newDoctor,
		}},
		{"more", "More:", commands{
			"init":         newInit,
			"setup":        newSetup,
			"config":       newConfig,
			"explain":      newExplain,
			versionCommand: newVersion,
		}},
	}
}

// commandName returns the first argument that is not a flag, or "version" if there is none
// but --version. It returns "" if the flags before it are invalid, or one of them asks for
// the help.
func commandName(args []string) string {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.Usage = func() {}
	f.SetInterspersed(false)
	new(globals).bind(f)
	printVersion := f.Bool(versionCommand, false, "")
	if f.Parse(args) != nil {
		return ""
	}
	if f.NArg() == 0 && *printVersion {
		return versionCommand
	}
	return f.Arg(0)
}

// pageHelp shows the help of all commands and the help topics in the pager.
func pageHelp(root *cobra.Command, env Env, g *globals) {
	show := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		out := c.OutOrStdout()
		var text bytes.Buffer
		c.SetOut(&text)
		show(c, args)
		c.SetOut(out)
		help := wrapFlags(text.Bytes())
		if err := page(env, g, help); err != nil {
			_, _ = out.Write(help)
		}
	})
}
