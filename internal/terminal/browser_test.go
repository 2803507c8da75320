package terminal_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

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

// script returns the path of a shell script that stands in for a browser.
func script(t *testing.T, text string) (path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Fatal("this test needs a POSIX shell and does not run on Windows")
	}
	path = filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenerDoesNotWaitForTheBrowser(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	browser := script(t, `printf '%s' "$1" > `+seen+`.tmp; mv `+seen+`.tmp `+seen+
		`; echo noise; echo noise >&2; sleep 30 & wait`)
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", browser),
		Failed: func(err error) { t.Errorf("failed: %v", err) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	if err := o.Open(ctx, page); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second { // the browser runs for 30 seconds
		t.Errorf("Open took %v", took)
	}
	for range 1000 {
		if got, err := os.ReadFile(seen); err == nil {
			if string(got) != page {
				t.Errorf("the browser got %q", got)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the browser was not started")
}

func TestOpenerReportsABrowserThatFails(t *testing.T) {
	failed := make(chan error, 1)
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", script(t, "exit 3")),
		Failed: func(err error) { failed <- err },
	}
	if err := o.Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("no error")
	}
}

func TestOpenerRejectsOtherThanWebAddresses(t *testing.T) {
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", script(t, "exit 0")),
		Failed: func(error) {},
	}
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "-help", "", "http:///x", "calculator:",
	} {
		if err := o.Open(t.Context(), address); err == nil {
			t.Errorf("Open accepted %q", address)
		}
		if err := terminal.OpenHere(strings.NewReader(address)); err == nil {
			t.Errorf("OpenHere accepted %q", address)
		}
	}
}
