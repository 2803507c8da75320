package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestFixNamesTheTenantAndAccountOfTheRun(t *testing.T) {
	run := globals{Tenant: "contoso", Account: "ada o'neil"}
	for _, c := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{"an action alone", fault.Error{Next: fault.DoSignIn}, `run ` + "`profilectl login --tenant contoso --account 'ada o'\\''neil'`"},
		{
			"a fix and an action",
			fault.Error{Fix: "check the clock", Next: fault.DoSignIn},
			`check the clock, then run ` + "`profilectl login --tenant contoso --account 'ada o'\\''neil'`",
		},
		{
			"a setting",
			fault.Error{Fix: "choose another redirect-port", Setting: "redirect-port"},
			"choose another redirect-port with `profilectl config set redirect-port VALUE --tenant contoso --account 'ada o'\\''neil'`",
		},
		{"an action without a command", fault.Error{Next: fault.DoStepUp}, "run the same command in a terminal, without --no-input"},
		{"a fix alone", fault.Error{Fix: "try again in a minute"}, "try again in a minute"},
	} {
		if got := run.fix(&c.err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFixKeepsTheTenantThatACommandNames(t *testing.T) {
	run := globals{Tenant: "contoso"}
	const line = "profilectl config set --tenant fabrikam authority fabrikam"
	if got := run.command(line); got != line {
		t.Errorf("got %s, want %s", got, line)
	}
}

// Every action has words, and the command in them exists with its flags.
func TestRemediesAreCompleteAndRun(t *testing.T) {
	for _, a := range fault.Actions() {
		r := remedyFor(a)
		if r.alone == "" || r.after == "" {
			t.Errorf("%v has no words", a)
		}
		if r.command == "" {
			continue
		}
		env := Env{
			Stdin:  strings.NewReader(""),
			Stdout: io.Discard,
			Stderr: io.Discard,
			Getenv: func(string) string { return "" },
			Exists: func(string) bool { return false },
		}
		args := append(strings.Fields(r.command)[1:], "--tenant", "contoso", "--account", "ada", "--help")
		if code := Main(context.Background(), env, args); code != exitDone {
			t.Errorf("%v: `%s` ends with exit code %d", a, r.command, code)
		}
	}
}
