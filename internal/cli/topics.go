package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/config"
)

// topics are what help tells beyond the commands. A cobra command that cannot be
// run is a topic.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "The variables that profilectl reads", Long: environmentTopic()},
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesTopic},
		{Use: "formatting", Short: "Output for scripts: JSON, YAML, jq, JMESPath, progress", Long: formattingTopic},
		{Use: "storage", Short: "What is kept, where, and how to remove it", Long: storageTopic},
	}
}

// environmentTopic is written from the table of settings, so that none is
// missing.
func environmentTopic() string {
	var b strings.Builder
	b.WriteString("A flag comes first, then the environment, then the configuration file, then the\ndefault; `profilectl config list` shows where each value comes from.\n\nSettings of a tenant:\n\n")
	for _, s := range config.Client() {
		fmt.Fprintf(&b, "  %-27s %s\n", s.Env[0], s.Help)
		for _, other := range s.Env[1:] {
			fmt.Fprintf(&b, "  %-27s the same, by the name of Microsoft's sample\n", other)
		}
	}
	b.WriteString(`
Every other flag can be given as PROFILECTL_<FLAG>, as PROFILECTL_OUTPUT=json or
PROFILECTL_NO_INPUT=true.

  PROFILECTL_TENANT           the configured tenant to use
  PROFILECTL_BROWSER          the browser to open; none opens none
  PROFILECTL_CONFIG_DIR       the folder of the configuration file

Honoured as everywhere: BROWSER, VISUAL, EDITOR, NO_COLOR, CLICOLOR_FORCE, TERM,
CI, ACCESSIBLE (plain questions, for screen readers), HTTPS_PROXY, NO_PROXY,
XDG_CONFIG_HOME, XDG_STATE_HOME. AZURE_* is read by serve alone: a workforce
set-up must not choose the tenant that a customer signs in to.
`)
	return b.String()
}

const exitCodesTopic = `Exit codes do not change; scripts may depend on them.

    0  done
    1  failed, or somebody else changed the same field meanwhile (code conflict)
    2  wrong usage or configuration, or cancelled
    4  sign-in needed: run profilectl login
    5  a second factor is needed, and --no-input forbids asking
    6  denied by policy, consent or permission
    7  a value is not valid; nothing was sent
    8  temporarily unavailable; try again
  130  interrupted

3 is never used. sandbox exec passes on the exit code of its command.`

const formattingTopic = `Results go to standard output and everything else to standard error. In a
terminal a table has aligned columns; piped, it has no head and tabs between.

  -o json, -o yaml     the same data in both; the fields do not change
  --jq EXPR            pick from the JSON with jq: strings come without quotes
  --query EXPR         pick from the JSON with JMESPath, as in the Azure CLI
  --progress json      what is being done, as JSON lines on standard error
  --no-color           and NO_COLOR, which switch colours off

With -o json an error is one JSON object on standard error:

  {"error":{"code":"sign_in_required","message":"…","fix":"…","correlationId":""}}

The codes: internal, usage, invalid_value, sign_in_required, step_up_required,
denied, unavailable, conflict, canceled. The form of each command's output is in
docs/scripting.md.`

const storageTopic = `Tokens are in the keyring of your operating system: the Keychain of macOS, the
Credential Manager of Windows, the Secret Service of Linux (GNOME Keyring, KWallet,
KeePassXC). Where there is none, login --insecure-storage keeps them in a plain
file that only you can read; nothing else ever does. logout removes them.

  configuration   $XDG_CONFIG_HOME/profilectl/config.yaml, usually
                  ~/.config/profilectl; %AppData%\profilectl on Windows
  state           $XDG_STATE_HOME/profilectl, usually ~/.local/state/profilectl;
                  %LocalAppData%\profilectl on Windows

In the state folder are the addresses of tenants, lock files, the tenant of the
sandbox, and history.jsonl: your last edits with the values before and after.
"profilectl config set history false" keeps none, and logout forgets them.`
