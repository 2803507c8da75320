package command

import (
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestQuotedForKeepsOneWord(t *testing.T) {
	for _, c := range []struct{ goos, text, want string }{
		{"linux", "casey@contoso.com", "casey@contoso.com"},
		{"linux", "/home/ada/my drafts/1.yaml", "'/home/ada/my drafts/1.yaml'"},
		{"linux", "ada o'neil", `'ada o'\''neil'`},
		{"linux", "", "''"},
		{"darwin", "/Users/ada/Library", "/Users/ada/Library"},
		{"windows", `C:\Users\ada\1.yaml`, `C:\Users\ada\1.yaml`},
		{"windows", `C:\Users\Jörg Müller\1.yaml`, `"C:\Users\Jörg Müller\1.yaml"`},
		{"windows", "ada o'neil", `"ada o'neil"`},
		{"windows", "a & b", `"a & b"`},
		{"windows", "100% o'neil", "'100% o''neil'"},
	} {
		if got := quotedFor(c.goos, c.text); got != c.want {
			t.Errorf("%s: %q became %s, want %s", c.goos, c.text, got, c.want)
		}
	}
}

func TestFixNamesTheTenantAndAccountOfTheRun(t *testing.T) {
	run := Globals{Tenant: "contoso", Account: "ada o'neil"}
	flags := "--tenant contoso --account " + ShellQuoted("ada o'neil")
	for _, c := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{
			"an action alone",
			fault.Error{Next: fault.DoSignIn},
			"run `profilectl login " + flags + "`",
		},
		{
			"a fix and an action",
			fault.Error{Fix: "check the clock", Next: fault.DoSignIn},
			"check the clock, then run `profilectl login " + flags + "`",
		},
		{
			"a setting",
			fault.Error{Fix: "choose another redirect-port", Setting: "redirect-port"},
			"choose another redirect-port with `profilectl config set redirect-port VALUE " + flags + "`",
		},
		{
			"an action without a command",
			fault.Error{Next: fault.DoStepUp},
			"run the same command in a terminal, without --no-input",
		},
		{
			"another account than that of the run",
			fault.Error{Next: fault.DoUseOtherAccount},
			"run `profilectl login --prompt select_account --tenant contoso` and choose another account",
		},
		{
			"a fix alone",
			fault.Error{Fix: "try again in a minute"},
			"try again in a minute",
		},
	} {
		if got := run.Fix(&c.err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFixFillsInTheTenantOfTheRun(t *testing.T) {
	fix := fault.Error{Fix: "use one of contoso", Next: fault.DoConfigureTenant}
	for tenant, want := range map[string]string{
		"fabrikam": "to add a tenant, run `profilectl init --tenant fabrikam`",
		"Bad Name": "to add a tenant, run `profilectl init`",
		"":         "to add a tenant, run `profilectl init`",
		"sandbox":  "start one with `profilectl sandbox` in another terminal",
	} {
		want = "use one of contoso; " + want
		if got := (&Globals{Tenant: tenant}).Fix(&fix); got != want {
			t.Errorf("tenant %q:\n got %s\nwant %s", tenant, got, want)
		}
	}
}

func TestFixKeepsTheTenantThatACommandNames(t *testing.T) {
	run := Globals{Tenant: "contoso"}
	const line = "profilectl config set --tenant fabrikam authority fabrikam"
	if got := run.Command(line); got != line {
		t.Errorf("got %s, want %s", got, line)
	}
}

func TestRemediesExistForEveryAction(t *testing.T) {
	for _, a := range fault.Actions() {
		if r := remedyFor(a); r.alone == "" || r.after == "" {
			t.Errorf("%v has no remedy", a)
		}
	}
}
