// Command start measures how long profilectl takes to start, compared with a program in C
// and one in Go that do nothing; and how long a command takes in a sandbox of its own.
// The latter is the time to create the tenant with its keys, certificate, user and
// mid-tier, and to stop it again.
//
//	go run ./bench/start
package main

import (
	"fmt"
	"os"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

func main() {
	if err := rounds.WithTool(measure); err != nil {
		fmt.Fprintln(os.Stderr, "bench/start:", err)
		os.Exit(1)
	}
}

func measure(dir, tool string) error {
	empty, err := rounds.Build(dir, "./bench/start/empty")
	if err != nil {
		return err
	}
	start, err := rounds.Time([]rounds.Program{
		{Name: "/bin/true", Argv: []string{"/bin/true"}},
		{Name: "empty Go program", Argv: []string{empty}},
		{Name: "version", Argv: []string{tool, "version"}},
		{Name: "show --help", Argv: []string{tool, "show", "--help"}},
		{Name: "completion of show -o", Argv: []string{tool, "__complete", "show", "-o", ""}},
	}, 200)
	if err != nil {
		return err
	}
	sandbox, err := rounds.Time([]rounds.Program{
		{Name: "sandbox exec -- version", Argv: []string{tool, "sandbox", "exec", "--", tool, "version"}},
		{Name: "demo", Argv: []string{tool, "demo"}},
	}, 40)
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %8s %8s\n", "", "p50 ms", "p95 ms")
	for _, t := range append(start, sandbox...) {
		fmt.Printf("%-28s %8.1f %8.1f\n", t.Name, t.At(50), t.At(95))
	}
	return nil
}
