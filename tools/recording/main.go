// Command recording records `profilectl demo` in a terminal and writes docs/images/demo.svg,
// the animation at the beginning of the README.
//
//	go run ./tools/recording
//
// The lines appear as slowly as people read. A new recording of the same lines differs only
// in durations, ports and IDs; then the file is kept, so that running the program again
// changes nothing.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/creack/pty"
)

const (
	columns = 96
	picture = "docs/images/demo.svg"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	lines, err := record(ctx)
	if err != nil {
		return err
	}
	svg := draw("profilectl demo", lines)
	old, err := os.ReadFile(picture)
	if err == nil && bytes.Equal(stable(old), stable(svg)) {
		return nil
	}
	return os.WriteFile(picture, svg, 0o644) //nolint:gosec // a picture that everyone may read
}

// record runs the demo in a terminal and returns the lines that it printed.
func record(ctx context.Context) ([]string, error) {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "profilectl")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/profilectl")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	demo := exec.CommandContext(ctx, program, "demo")
	demo.Env = append(os.Environ(), "HOME="+dir, "TERM=xterm-256color")
	terminal, err := pty.StartWithSize(demo, &pty.Winsize{Cols: columns, Rows: 40})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, _ = io.Copy(&out, terminal) // Linux reports the end of the program as an error
	if err := demo.Wait(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out.Bytes())
	}
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(out.String(), "\r", "")), "\n"), nil
}

// stable returns a picture without what differs between two recordings of the same lines.
func stable(svg []byte) []byte {
	varying := regexp.MustCompile(`localhost:\d+/[0-9a-f-]{36}|[0-9.]+(s|ms|µs)\b|(x|textLength)="[0-9.]+"`)
	return varying.ReplaceAll(svg, nil)
}
