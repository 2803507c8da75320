package terminal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// TestMain lets the test binary run as a browser or an editor:
//
//	edit  writes its arguments to the file TEST_SEEN
//	run   writes its last argument to the file TEST_SEEN and runs until that is removed
//	fail  exits with the length of its first argument
func TestMain(m *testing.M) {
	seen := os.Getenv("TEST_SEEN")
	switch os.Getenv("TEST_BROWSER") {
	case "run":
		fmt.Println("noise")
		fmt.Fprintln(os.Stderr, "noise")
		err := os.WriteFile(seen+".tmp", []byte(os.Args[len(os.Args)-1]), 0o600)
		if err = errors.Join(err, os.Rename(seen+".tmp", seen)); err != nil {
			os.Exit(1)
		}
		for start := time.Now(); err == nil && time.Since(start) < time.Minute; {
			time.Sleep(10 * time.Millisecond)
			_, err = os.Stat(seen)
		}
		os.Exit(0)
	case "edit":
		if err := os.WriteFile(seen, []byte(strings.Join(os.Args[1:], "\n")), 0o600); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	case "fail":
		os.Exit(len(os.Args[1]))
	}
	os.Exit(m.Run())
}

func TestOpenerDoesNotWaitForTheBrowser(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	t.Setenv("TEST_BROWSER", "run")
	t.Setenv("TEST_SEEN", seen)
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", os.Args[0]),
		Failed: func(err error) { t.Errorf("failed: %v", err) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := o.Open(ctx, page); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if got, err := os.ReadFile(seen); err == nil {
			if string(got) != page { // the browser runs until the directory is removed
				t.Errorf("the browser got %q", got)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the browser was not started")
}

func TestOpenerReportsABrowserThatFails(t *testing.T) {
	t.Setenv("TEST_BROWSER", "fail")
	failed := make(chan error, 1)
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", os.Args[0]+" now"),
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
	t.Setenv("TEST_BROWSER", "fail")
	o := terminal.Opener{
		Getenv: env("PROFILECTL_BROWSER", os.Args[0]),
		Failed: func(error) {},
	}
	for _, address := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "-help", "", "http:///x", "calculator:",
	} {
		const want = "open browser: not a web address"
		if err := o.Open(t.Context(), address); err == nil || err.Error() != want {
			t.Errorf("Open, with the address %q: got %v", address, err)
		}
		if err := terminal.OpenHere(strings.NewReader(address)); err == nil || err.Error() != want {
			t.Errorf("OpenHere, with the address %q: got %v", address, err)
		}
	}
}
