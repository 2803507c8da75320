package terminal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

func env(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

const page = "http://localhost:1/a?b=c&d=$(e)'f'"

func TestPlan(t *testing.T) {
	desk := terminal.Facts{Display: true}
	for _, c := range []struct {
		name   string
		facts  terminal.Facts
		getenv func(string) string
		want   terminal.Plan
	}{
		{"the platform's opener, through ourselves, without the address in argv", desk, env(), terminal.Plan{Argv: []string{"us"}, Self: true}},
		{"switched off", desk, env("PROFILECTL_BROWSER", "none"), terminal.Plan{Why: "the browser is switched off"}},
		{"the person's choice", desk, env("BROWSER", "firefox --new-tab:lynx"), terminal.Plan{Argv: []string{"firefox", "--new-tab", page}}},
		{"a choice with a place for the address", desk, env("BROWSER", "open %s now"), terminal.Plan{Argv: []string{"open", page, "now"}}},
		{"our variable wins", desk, env("BROWSER", "a", "PROFILECTL_BROWSER", "b"), terminal.Plan{Argv: []string{"b", page}}},
		{"no display", terminal.Facts{}, env(), terminal.Plan{Why: "there is no graphical session"}},
		{"SSH", terminal.Facts{SSH: true, Display: true}, env(), terminal.Plan{Why: "this is an SSH session without a display"}},
		{"SSH with a forwarded display", terminal.Facts{SSH: true, Display: true}, env("DISPLAY", ":10"), terminal.Plan{Argv: []string{"us"}, Self: true}},
		{"a container", terminal.Facts{Container: true, Display: true}, env(), terminal.Plan{Why: "there is no browser in a container"}},
		{"WSL without wslview", terminal.Facts{WSL: true}, env(), terminal.Plan{Argv: []string{"powershell.exe", "-NoProfile", "-NonInteractive", "-Command",
			"Start-Process 'http://localhost:1/a?b=c&d=$(e)''f'''"}}},
	} {
		o := terminal.Opener{Facts: c.facts, Getenv: c.getenv, Self: []string{"us"}}
		if got := o.Plan(page); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// script is a browser made of shell.
func script(t *testing.T, text string) (path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Fatal("these tests need a shell; they are not for Windows")
	}
	path = filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenNeverWaitsAndPassesTheAddressWhole(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "seen")
	browser := script(t, `printf '%s' "$1" > `+fifo+`.tmp; mv `+fifo+`.tmp `+fifo+`; echo noise; echo noise >&2; sleep 30 & wait`)
	o := terminal.Opener{Getenv: env("PROFILECTL_BROWSER", browser), Failed: func(err error) { t.Errorf("failed: %v", err) }}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	if err := o.Open(ctx, page); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second { // the browser runs for 30
		t.Errorf("it took %v", took)
	}
	for range 1000 {
		if got, err := os.ReadFile(fifo); err == nil {
			if string(got) != page {
				t.Errorf("the browser got %q", got)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the browser was not started")
}

func TestOpenReportsABrowserThatGivesUp(t *testing.T) {
	failed := make(chan error, 1)
	o := terminal.Opener{Getenv: env("PROFILECTL_BROWSER", script(t, "exit 3")), Failed: func(err error) { failed <- err }}
	if err := o.Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("no error")
	}
}

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	o := terminal.Opener{Getenv: env("PROFILECTL_BROWSER", script(t, "exit 0")), Failed: func(error) {}}
	for _, address := range []string{"file:///etc/passwd", "javascript:alert(1)", "-help", "", "http:///x", "calculator:"} {
		if err := o.Open(t.Context(), address); err == nil {
			t.Errorf("%q was opened", address)
		}
		if err := terminal.OpenHere(strings.NewReader(address)); err == nil {
			t.Errorf("%q was opened here", address)
		}
	}
}

func nowhere(string) bool { return false }

func TestDetect(t *testing.T) {
	f := terminal.Detect(strings.NewReader(""), &strings.Builder{}, &strings.Builder{}, "linux", env("SSH_TTY", "x", "CLICOLOR_FORCE", "1", "ACCESSIBLE", "1"), nowhere)
	if f.Interactive || f.StdoutTTY || !f.Color || !f.SSH || f.Display || !f.Accessible || f.Width != 80 {
		t.Errorf("got %+v", f)
	}
	if f := terminal.Detect(nil, nil, nil, "darwin", env("NO_COLOR", "1", "CLICOLOR_FORCE", "1"), nowhere); f.Color || !f.Display {
		t.Errorf("got %+v", f)
	}
}

func TestTheFormInAccessibleMode(t *testing.T) {
	var out strings.Builder
	check := func(v string) error {
		if v == "bad" {
			return errors.New("is bad")
		}
		return nil
	}
	got, err := terminal.Edit(t.Context(), strings.NewReader("bad\nAda\n\n"), &out, terminal.Facts{Accessible: true}, terminal.Form{Title: "Your profile", Pages: [][]terminal.Field{
		{{Name: "displayName", Label: "Display name", Value: "Casey", Check: check}}, {{Name: "city", Label: "City", Value: "Bern"}}}})
	if err != nil || got["displayName"] != "Ada" || got["city"] != "Bern" || !strings.Contains(out.String(), "is bad") {
		t.Errorf("got %v, %v; shown: %s", got, err, out.String())
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = terminal.Edit(ctx, strings.NewReader(""), &out, terminal.Facts{}, terminal.Form{Title: "x", Pages: [][]terminal.Field{{{Name: "a", Label: "A"}}}})
	if f := fault.As(err); f.Kind != fault.Canceled {
		t.Errorf("stopped: got %v", err)
	}
}

func TestDiff(t *testing.T) {
	rows := []terminal.Change{{Field: "city", Before: "Bern", After: "Zürich"}, {Field: "displayName", Before: "(none)", After: "Ada"}}
	if got := terminal.Diff(rows, false); got != "  city         Bern → Zürich\n  displayName  (none) → Ada\n" {
		t.Errorf("got\n%s", got)
	}
	if got := terminal.Diff(rows, true); !strings.Contains(got, "\x1b[32mAda\x1b[0m") {
		t.Errorf("got %q", got)
	}
}
