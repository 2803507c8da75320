package command

import (
	"runtime"
	"strings"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
)

// DefaultSandbox is the name that a sandbox has as a tenant without --tenant.
const DefaultSandbox = "sandbox"

// remedy words an Action for a command line. In its texts, %s is the command.
type remedy struct {
	command string // completed for the run
	alone   string // the whole fix
	after   string // appended to a Fix
}

// remedyFor returns the words for an action; a test checks that none is missing.
func remedyFor(a fault.Action) remedy {
	const withLog = "run the same command with --verbose and report what it prints"
	switch a {
	case fault.DoAllowTime:
		return remedy{"", "allow more time with --timeout", ", or allow more time with --timeout"}
	case fault.DoCheckSettings:
		const list = "%s shows each setting and its origin"
		return remedy{"profilectl config list", list, "; " + list}
	case fault.DoChooseTenant:
		const choose = "name one with --tenant, or choose one with %s"
		return remedy{"profilectl config use NAME", choose, "; " + choose}
	case fault.DoConfigureTenant:
		return remedy{
			"profilectl init",
			"to use a tenant, run %s; to try everything without one, run `profilectl demo`",
			"; to add a tenant, run %s",
		}
	case fault.DoListCodes:
		return remedy{"profilectl explain --list", "%s lists the known codes", "; %s lists the known codes"}
	case fault.DoPlanSetup:
		const plan = "ask an administrator to run %s, which lists what is missing"
		return remedy{"profilectl setup plan", plan, "; " + plan}
	case fault.DoReport:
		return remedy{"", withLog, ", then " + withLog}
	case fault.DoCorrectArguments:
		return remedy{"", "correct the arguments", "; correct the arguments"}
	case fault.DoStartSandbox:
		const start = "start one with `profilectl sandbox` in another terminal"
		return remedy{"", start, "; " + start}
	case fault.DoStartOtherSandbox:
		const start = "start another one with `profilectl sandbox --state DIRECTORY`"
		return remedy{"", start, ", or " + start}
	case fault.DoMoveSandbox:
		const move = "move the sandbox with `profilectl sandbox --new-ports` and sign in again"
		return remedy{"", move, ", or " + move}
	default:
		return signInRemedy(a)
	}
}

// signInRemedy words the actions of a sign-in.
func signInRemedy(a fault.Action) remedy {
	const inTerminal = "run the same command in a terminal, without --no-input"
	switch a {
	case fault.DoSignIn:
		return remedy{"profilectl login", "run %s", ", then run %s"}
	case fault.DoSignUp:
		return remedy{"profilectl login --sign-up", "create one with %s", ", or create one with %s"}
	case fault.DoSignInForEdits:
		return remedy{"profilectl login --with-edit", "run %s", ", then run %s"}
	case fault.DoTypePassword:
		const typed = "run %s and type your password"
		return remedy{"profilectl login --prompt login", typed, ", then " + typed}
	case fault.DoResetPassword:
		const reset = "run %s and choose a new password on the page"
		return remedy{"profilectl login --prompt login", reset, ", or " + reset}
	case fault.DoUseOtherAccount:
		const choose = "profilectl login --prompt select_account"
		return remedy{choose, "run %s and choose another account", "; or, to use another account, run %s"}
	case fault.DoStepUp:
		return remedy{"", inTerminal, ", then " + inTerminal}
	case fault.DoOpenPage:
		const open = "run %s and open the printed address yourself"
		return remedy{"profilectl login --no-browser", open, "; if no page opened, " + open}
	case fault.DoUsePlainFile:
		const keep = "%s keeps the tokens in a plain file"
		return remedy{"profilectl login --insecure-storage", keep, "; if that is not possible, " + keep}
	case fault.DoUseOtherBrowser:
		const open = "run %s and open the printed address in another browser"
		return remedy{"profilectl login --no-browser", open, ", or " + open}
	case fault.DoMoveRedirect:
		const move = "choose another port with --redirect-port"
		return remedy{"", move, ", or " + move}
	default:
		return remedy{}
	}
}

// Fix words the next step of a fault for the user of this run. Actions and
// settings become commands that can be pasted.
func (g *Globals) Fix(f *fault.Error) string {
	text := f.Fix
	if f.Setting != "" {
		text += " with `" + g.Command("profilectl config set "+f.Setting+" VALUE") + "`"
	}
	run, next := *g, f.Next
	switch {
	case next == fault.DoUseOtherAccount:
		run.Account = ""
	case next == fault.DoConfigureTenant && g.Tenant == DefaultSandbox:
		next = fault.DoStartSandbox
	case next == fault.DoConfigureTenant && !config.ValidTenantName(g.Tenant):
		run.Tenant = ""
	}
	r := remedyFor(next)
	words := r.after
	if text == "" {
		words = r.alone
	}
	return text + strings.Replace(words, "%s", "`"+run.Command(r.command)+"`", 1)
}

// Command completes a suggested command with the configuration, the tenant and
// the account of this run, so that it acts on the same ones when it is pasted.
func (g *Globals) Command(line string) string {
	if config.ValidTenantName(g.Tenant) {
		line = strings.Replace(line, " --tenant NAME", "", 1)
	}
	for _, flag := range []struct{ name, value string }{
		{"--config", g.Config}, {"--tenant", g.Tenant}, {"--account", g.Account},
	} {
		if flag.value != "" && !strings.Contains(line, flag.name+" ") {
			line += " " + flag.name + " " + ShellQuoted(flag.value)
		}
	}
	return line
}

// ShellQuoted returns text as one word of a command line that can be pasted.
func ShellQuoted(text string) string { return quotedFor(runtime.GOOS, text) }

// quotedFor returns text as one word for a POSIX shell; on Windows for cmd and PowerShell
// if there is a form that both accept, or else for PowerShell.
func quotedFor(goos, text string) string {
	safe, escaped := "@%+=:,./_-", `'\''`
	if goos == "windows" {
		safe, escaped = `@+=:./_-\`, "''"
	}
	special := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune(safe, r)
	}
	switch {
	case text != "" && !strings.ContainsFunc(text, special):
		return text
	case goos == "windows" && !strings.ContainsAny(text, "\"$%`"):
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", escaped) + "'"
}
