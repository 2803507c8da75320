// Command start measures how long a command takes in a sandbox of its own,
// compared with the same command without one. The difference is the time to create
// the tenant with its keys, certificate, user and mid-tier, and to stop it again.
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

func measure(_, tool string) error {
	took, err := rounds.Time([]rounds.Program{
		{Name: "profilectl version (floor)", Argv: []string{tool, "version"}},
		{Name: "sandbox exec -- version", Argv: []string{tool, "sandbox", "exec", "--", tool, "version"}},
		{Name: "demo", Argv: []string{tool, "demo"}},
	}, 40)
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %8s %8s\n", "", "p50 ms", "p95 ms")
	for _, t := range took {
		fmt.Printf("%-28s %8.1f %8.1f\n", t.Name, t.At(50), t.At(95))
	}
	return nil
}
