package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

// topics returns the help topics. Cobra treats a command that cannot be run as a
// topic.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Environment variables that profilectl reads", Long: environmentTopic()},
		{Use: "exit-codes", Short: "Exit codes for scripts", Long: exitCodesTopic},
		{Use: "formatting", Short: "Output for scripts: JSON, YAML, jq, JMESPath, progress", Long: formattingTopic},
		{Use: "storage", Short: "What is stored, where, and how to remove it", Long: storageTopic},
	}
}

// rejectUnknownTopics lets help fail for a command or topic that does not exist. Cobra shows
// the help of the command above it.
func rejectUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		c.Use = "help [COMMAND]" // as the arguments of our own commands
		show := c.Run
		c.Run = nil
		c.RunE = func(c *cobra.Command, args []string) error {
			if above, rest, err := root.Find(args); err == nil && len(rest) > 0 {
				return noHelp(above, rest[0], args)
			}
			show(c, args)
			return nil
		}
	}
}

// noHelp returns the fault of a request for help. The name is not that of a command or topic
// below the one above it.
func noHelp(above *cobra.Command, name string, args []string) error {
	fix := "see `" + above.CommandPath() + " --help`"
	if near := meant(name, above); near != "" {
		fix = "did you mean `" + above.CommandPath() + " " + near + " --help`?"
	}
	what := "there is no help for " + command.Quote(strings.Join(args, " "))
	return &fault.Error{Kind: fault.Usage, What: what, Fix: fix}
}

// environmentTopic is generated from the table of settings, so that it is
// complete.
func environmentTopic() string {
	var b strings.Builder
	b.WriteString(`A flag takes precedence over the environment, and the environment over the
configuration file. "profilectl config list" shows the origin of each value.

Settings of a tenant:

`)
	const row = "  %-24s %s\n"
	for _, s := range config.Client() {
		fmt.Fprintf(&b, row, s.Env[0], s.Help)
	}
	b.WriteString(`
The names in Microsoft's sample are read too, if the first name is not set:

`)
	for _, s := range config.Client() {
		if others := s.Env[1:]; len(others) > 0 {
			fmt.Fprintf(&b, row, s.Env[0], strings.Join(others, ", "))
		}
	}
	b.WriteString(`
Every other flag can be set with PROFILECTL_<FLAG>, for example
PROFILECTL_OUTPUT=json or PROFILECTL_NO_INPUT=true.

  PROFILECTL_TENANT        configured tenant to use
  PROFILECTL_BROWSER       command that opens a browser, or none
  PROFILECTL_CONFIG_DIR    directory of the configuration file
  PROFILECTL_STATE_DIR     directory of the state

Standard variables: BROWSER, VISUAL, EDITOR, NO_COLOR, CLICOLOR_FORCE, TERM, CI,
ACCESSIBLE (plain prompts for screen readers), PAGER (empty or cat for none),
HTTPS_PROXY, NO_PROXY, XDG_CONFIG_HOME, XDG_STATE_HOME.

Only serve reads AZURE_* variables. They usually name a workforce tenant, in
which customers have no account.
`)
	return b.String()
}

const exitCodesTopic = `Exit codes do not change between versions.

    0  success
    1  failure, or a conflict with another edit of the same field
    2  wrong usage or configuration, or canceled
    4  sign-in needed: run profilectl login
    5  second factor needed, but --no-input is set
    6  denied by policy, consent or permission
    7  a value is invalid; nothing was sent
    8  temporarily unavailable; try again
    9  done, but the result could not be printed
  130  interrupted

"sandbox exec" returns the exit code of its command.`

const formattingTopic = `Results go to standard output, everything else to standard error. In a terminal,
a table has a header and aligned columns. In a pipe, it has tabs and no header.

  -o json, -o yaml     the same data; members are not renamed or removed
  --jq EXPR            filter the JSON with jq; strings have no quotes
  --query EXPR         filter the JSON with JMESPath, as in the Azure CLI
  --progress json      progress as JSON lines on standard error
  --no-color, NO_COLOR no color

With -o json an error is one JSON object on standard error:

  {"error":{"code":"denied","message":"…","fix":"…","correlationId":""}}

The codes are internal, usage, invalid_value, sign_in_required,
step_up_required, denied, unavailable, conflict, canceled and not_printed. The
output of each command is described in
https://github.com/profilectl/profilectl/blob/main/docs/reference/output.md.`

const storageTopic = `Tokens are in the keyring of your operating system: the macOS Keychain, the
Windows Credential Manager, or the Secret Service of Linux (GNOME Keyring,
KWallet, KeePassXC). "login --insecure-storage" keeps them in a plain file that
only you can read. "logout" removes them.

Without a desktop session, such as over SSH, GNOME Keyring can serve one shell.
The password is new the first time:

  dbus-run-session -- bash -c 'read -rsp "Password: " p
    printf %s "$p" | gnome-keyring-daemon --unlock --components=secrets
    exec $SHELL'

Two directories have everything else:

  configuration   $XDG_CONFIG_HOME/profilectl/config.yaml, by default
                  ~/.config/profilectl; %AppData%\profilectl on Windows
  state           $XDG_STATE_HOME/profilectl, by default
                  ~/.local/state/profilectl;
                  %LocalAppData%\profilectl on Windows

The state directory holds the endpoints of tenants, lock files, the tenant of
the sandbox, and history.jsonl: your last edits with the values before and
after. "profilectl config set history false" stops recording, and "logout"
deletes the account's edits.

To remove everything, first sign out of each tenant that "profilectl config
tenants" lists:

  profilectl logout --all --tenant NAME

Then delete both directories. On Linux and macOS:

  rm -r "${XDG_CONFIG_HOME:-$HOME/.config}/profilectl"
  rm -r "${XDG_STATE_HOME:-$HOME/.local/state}/profilectl"

If you use PROFILECTL_CONFIG_DIR, PROFILECTL_STATE_DIR or "sandbox --state",
delete those directories too.

In PowerShell on Windows:

  Remove-Item -Recurse $env:AppData\profilectl, $env:LocalAppData\profilectl

Then uninstall the program the way you installed it:

  sudo apt purge profilectl            Debian, Ubuntu
  sudo dnf remove profilectl           Fedora
  sudo apk del profilectl              Alpine
  sudo pacman -Rns profilectl          Arch Linux
  brew uninstall --cask profilectl     Homebrew
  scoop uninstall profilectl           Scoop
  winget uninstall profilectl          winget
  rm "$(go env GOPATH)/bin/profilectl" go install

If a tenant was deleted from the configuration before its sign-out, its tokens
remain in the keyring, in items whose names begin with "profilectl/". Remove
them with Seahorse ("Passwords and Keys") on Linux, Keychain Access on macOS, or
the Credential Manager on Windows.`
