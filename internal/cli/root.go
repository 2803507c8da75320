// Package cli is the program as a function, Main: the root command, the exit codes, the help
// topics and the manual, and the commands that belong to no group. The other commands are in
// packages whose names end in cmd, which do not import each other. They share the packages
// command, session, serveconfig and checkup.
//
// A command consists of an options struct, a bind method that makes its flags, a function
// that makes the cobra command, and a run function that does the work. Package output prints
// results, and report (exit.go) prints faults.
package cli

import (
	"bytes"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/democmd"
	"github.com/profilectl/profilectl/internal/cli/doctorcmd"
	"github.com/profilectl/profilectl/internal/cli/profilecmd"
	"github.com/profilectl/profilectl/internal/cli/sandboxcmd"
	"github.com/profilectl/profilectl/internal/cli/servecmd"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/cli/setupcmd"
)

// newRoot returns the whole tree of commands.
func newRoot(env command.Env, g *command.Globals) *cobra.Command { return newRootFor(env, g, nil) }

// newRootFor returns the tree of commands that a command line needs: if it begins with the
// name of a command, only that one, because the other commands and their flags take longer
// to make than most commands run.
func newRootFor(env command.Env, g *command.Globals, args []string) *cobra.Command {
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
	command.NotFromEnvironment(root.Flags(), versionCommand)
	root.RunE = func(c *cobra.Command, _ []string) error {
		if *printVersion {
			return runVersion(env, g)
		}
		return runRoot(c, env, g)
	}
	g.Bind(root.PersistentFlags())
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	addCommands(root, env, g, commandName(args))
	pageHelp(root, env, g)
	command.Complete(root, "tenant", tenants(env, g))
	command.Complete(root, "account", session.CompleteAccounts(env, g))
	command.Complete(root, "output", command.OneOf("table", "json", "yaml"))
	command.Complete(root, "progress", command.OneOf(command.ProgressAuto, command.ProgressJSON, command.ProgressNone))
	return root
}

// addCommands adds the groups of commands, and the command with the given name or, if there
// is none, all commands.
func addCommands(root *cobra.Command, env command.Env, g *command.Globals, name string) {
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
	rejectUnknownTopics(root)
	completeKinds(root)
}

// commandGroup is a heading of the help and the commands below it, by name.
type commandGroup struct {
	id, title string
	commands  map[string]func(command.Env, *command.Globals) *cobra.Command
}

func commandGroups() []commandGroup {
	type commands = map[string]func(command.Env, *command.Globals) *cobra.Command
	return []commandGroup{
		{"profile", "Your profile:", commands{
			"login":    profilecmd.NewLogin,
			"logout":   profilecmd.NewLogout,
			"accounts": profilecmd.NewAccounts,
			"whoami":   profilecmd.NewWhoami,
			"show":     profilecmd.NewShow,
			"edit":     profilecmd.NewEdit,
			"password": profilecmd.NewPassword,
			"history":  profilecmd.NewHistory,
			"token":    profilecmd.NewToken,
		}},
		{"try", "Try and operate:", commands{
			"demo":        democmd.New,
			"sandbox":     sandboxcmd.New,
			servecmd.Name: servecmd.New,
			"doctor":      doctorcmd.New,
		}},
		{"more", "More:", commands{
			"init":         newInit,
			"setup":        setupcmd.New,
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
	new(command.Globals).Bind(f)
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
func pageHelp(root *cobra.Command, env command.Env, g *command.Globals) {
	show := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		out := c.OutOrStdout()
		var text bytes.Buffer
		c.SetOut(&text)
		show(c, args)
		c.SetOut(out)
		help := []byte(wrapFlags(text.String()))
		if err := command.Page(env, g, help); err != nil {
			_, _ = out.Write(help)
		}
	})
}
