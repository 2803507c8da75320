package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
)

// topics returns the help topics. Cobra treats a command that cannot be run as a
// topic.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Environment variables", Long: environmentTopic()},
		{Use: "exit-codes", Short: "Exit codes", Long: exitCodesTopic},
		{Use: "formatting", Short: "Output for scripts: JSON, YAML, jq, JMESPath, progress", Long: formattingTopic},
		{Use: "storage", Short: "What is stored, where, and how to remove it", Long: storageTopic},
	}
}

// environmentTopic is generated from the table of settings, so that it is
// complete.
func environmentTopic() string {
	var b strings.Builder
	b.WriteString(`Precedence: a flag, then the environment, then the configuration file, then the
default. "profilectl config list" shows the origin of each value.

Settings of a tenant:

`)
	for _, s := range config.Client() {
		fmt.Fprintf(&b, "  %-27s %s\n", s.Env[0], s.Help)
		for _, other := range s.Env[1:] {
			fmt.Fprintf(&b, "  %-27s the same, as Microsoft's sample names it\n", other)
		}
	}
	b.WriteString(`
Every other flag can be set with PROFILECTL_<FLAG>, for example
PROFILECTL_OUTPUT=json or PROFILECTL_NO_INPUT=true.

  PROFILECTL_TENANT           the configured tenant to use
  PROFILECTL_BROWSER          the command that opens a browser, or none
  PROFILECTL_CONFIG_DIR       the directory of the configuration file
  PROFILECTL_STATE_DIR        the directory of the state

Standard variables: BROWSER, VISUAL, EDITOR, NO_COLOR, CLICOLOR_FORCE, TERM, CI,
ACCESSIBLE (plain prompts for screen readers), PAGER (empty or cat for none),
HTTPS_PROXY, NO_PROXY, XDG_CONFIG_HOME, XDG_STATE_HOME. Only serve reads AZURE_*: a workforce setup must
not choose the tenant that a customer signs in to.
`)
	return b.String()
}

const exitCodesTopic = `Exit codes never change; scripts may depend on them.

    0  success
    1  failure, or a conflict with another edit of the same field
    2  wrong usage or configuration, or canceled
    4  sign-in needed: run profilectl login
    5  a second factor is needed, which --no-input rules out
    6  denied by policy, consent or permission
    7  a value is invalid; nothing was sent
    8  temporarily unavailable; try again
  130  interrupted

3 is never used. sandbox exec passes on the exit code of its command.`

const formattingTopic = `Results go to standard output, everything else to standard error. In a terminal, a
table has a header and aligned columns; in a pipe, it has tabs and no header.

  -o json, -o yaml     the same data in both; the members do not change
  --jq EXPR            filter the JSON with jq; strings are printed without quotes
  --query EXPR         filter the JSON with JMESPath, as in the Azure CLI
  --progress json      progress as JSON lines on standard error
  --no-color, NO_COLOR no color

With -o json an error is one JSON object on standard error:

  {"error":{"code":"sign_in_required","message":"…","fix":"…","correlationId":""}}

The codes: internal, usage, invalid_value, sign_in_required, step_up_required,
denied, unavailable, conflict, canceled. docs/reference/output.md describes the output of
each command.`

const storageTopic = `Tokens are in the keyring of your operating system: the Keychain of macOS, the
Credential Manager of Windows, the Secret Service of Linux (GNOME Keyring, KWallet,
KeePassXC). Only "login --insecure-storage" keeps them in a plain file, which only
you can read. "logout" removes them.

  configuration   $XDG_CONFIG_HOME/profilectl/config.yaml, by default
                  ~/.config/profilectl; %AppData%\profilectl on Windows
  state           $XDG_STATE_HOME/profilectl, by default ~/.local/state/profilectl;
                  %LocalAppData%\profilectl on Windows

The state directory holds the endpoints of tenants, lock files, the tenant of the
sandbox, and history.jsonl: your last edits with the values before and after.
"profilectl config set history false" stops recording, and "logout" deletes the
account's edits.

To remove everything, sign out of each tenant that "profilectl config tenants"
lists. This removes the tokens from the keyring. Without a keyring, there are none:

  profilectl logout --all --tenant NAME

Then delete both directories. On Linux and macOS:

  rm -r "${XDG_CONFIG_HOME:-$HOME/.config}/profilectl"
  rm -r "${XDG_STATE_HOME:-$HOME/.local/state}/profilectl"

Also delete the directories that PROFILECTL_CONFIG_DIR, PROFILECTL_STATE_DIR and
"sandbox --state" name, if you use them.

In PowerShell on Windows:

  Remove-Item -Recurse $env:AppData\profilectl, $env:LocalAppData\profilectl

Then uninstall the program in the way you installed it:

  sudo apt purge profilectl            Debian, Ubuntu
  sudo dnf remove profilectl           Fedora
  sudo apk del profilectl              Alpine
  sudo pacman -Rns profilectl          Arch Linux
  brew uninstall --cask profilectl     Homebrew
  scoop uninstall profilectl           Scoop
  winget uninstall profilectl          winget
  rm "$(go env GOPATH)/bin/profilectl" go install

Tokens of a tenant that was deleted from the configuration before remain in the
keyring, in items whose names begin with "profilectl/". Remove them with Seahorse
("Passwords and Keys") on Linux, Keychain Access on macOS, or the Credential Manager
on Windows.`
