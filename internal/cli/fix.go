package cli

import (
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// remedy words an Action for someone at a command line.
type remedy struct {
	command string // completed with the tenant and account of the run
	alone   string // the whole fix; %s is the command
	after   string // follows a Fix; %s is the command
}

// remedies has a row for every Action; a test checks that it is complete.
func remedies() map[fault.Action]remedy {
	return map[fault.Action]remedy{
		fault.DoSignIn: {"profilectl login", "run %s", ", then run %s"},
		fault.DoSignUp: {"profilectl login --sign-up", "create one with %s", ", or create one with %s"},
		fault.DoStepUp: {"", "run the same command in a terminal, without --no-input", ", then run the same command in a terminal, without --no-input"},
		fault.DoOpenPage: {
			"profilectl login --no-browser",
			"run %s and open the printed address yourself",
			"; if no page opened, run %s and open the printed address yourself",
		},
		fault.DoUsePlainFile: {
			"profilectl login --insecure-storage",
			"keep the tokens in a plain file with %s",
			"; if that is not possible, %s keeps the tokens in a plain file",
		},
		fault.DoAllowTime:     {"", "allow more time with --timeout", ", or allow more time with --timeout"},
		fault.DoCheckSettings: {"profilectl config list", "check the settings with %s", "; %s shows each setting and its origin"},
		fault.DoChooseTenant: {
			"profilectl config use NAME",
			"name one with --tenant, or choose one with %s",
			"; name one with --tenant, or choose one with %s",
		},
		fault.DoConfigureTenant: {
			"profilectl config set --tenant NAME authority SUBDOMAIN",
			"configure it with %s, and client-id and edit-scope in the same way",
			"; to use your own, run %s, and set client-id and edit-scope in the same way",
		},
		fault.DoListFields: {"profilectl edit --help", "%s lists the fields", "; %s lists the fields"},
		fault.DoReport: {
			"", "run the same command with --verbose and report what it prints",
			", then run the same command with --verbose and report what it prints",
		},
	}
}

// fix words the next step of a fault for the user of this run: what it names as
// an action or a setting becomes a command that can be pasted.
func (g *globals) fix(e *fault.Error) string {
	text := e.Fix
	if e.Setting != "" {
		text += " with `" + g.command("profilectl config set "+e.Setting+" VALUE") + "`"
	}
	r, ok := remedies()[e.Next]
	if !ok {
		return text
	}
	command := "`" + g.command(r.command) + "`"
	if text == "" {
		return strings.Replace(r.alone, "%s", command, 1)
	}
	return text + strings.Replace(r.after, "%s", command, 1)
}

// command completes a suggested command with the configuration, the tenant and
// the account of this run, so that it acts on the same ones when it is pasted.
func (g *globals) command(line string) string {
	for _, flag := range []struct{ name, value string }{
		{"--config", g.Config}, {"--tenant", g.Tenant}, {"--account", g.Account},
	} {
		if flag.value != "" && !strings.Contains(line, flag.name+" ") {
			line += " " + flag.name + " " + shellQuoted(flag.value)
		}
	}
	return line
}

// shellQuoted returns text as one word for a POSIX shell or PowerShell.
func shellQuoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
