// Command token measures how long a script waits for `profilectl token` if the
// token is cached, compared with two floors in the same run: a program that only
// reads one item of the keyring, and `profilectl version`, which does no work.
//
// It needs a session bus with an unlocked keyring:
//
//	scripts/with-secret-service go run ./bench/token
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/bench/internal/rounds"
	"github.com/profilectl/profilectl/bench/internal/user"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench/token:", err)
		os.Exit(1)
	}
}

// run is one of four programs: the measurement, its inner half that has a
// sandbox in its environment, the browser, and the floor.
func run(args []string) error {
	switch {
	case len(args) == 0:
		return rounds.InSandbox("./bench/token")
	case args[0] == "measure":
		return measure(args[1])
	case args[0] == "browse":
		return user.Browse(args[1])
	case args[0] == "read-one-item":
		_, err := keyring.Get(floorService, "item")
		return err
	}
	return errors.New("no such part: " + args[0])
}

const floorService = "profilectl/bench-floor"

// measure signs in and times the programs in turns.
func measure(tool string) error {
	if out, err := exec.Command(tool, "login", "--with-edit").CombinedOutput(); err != nil {
		return fmt.Errorf("sign in: %w: %s", err, out)
	}
	defer func() { _ = exec.Command(tool, "logout").Run() }()
	if err := keyring.Set(floorService, "item", strings.Repeat("x", 8<<10)); err != nil {
		return fmt.Errorf("prepare floor: %w", err)
	}
	defer func() { _ = keyring.DeleteAll(floorService) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	took, err := rounds.Time([]rounds.Program{
		{Name: "read one item (floor)", Argv: []string{self, "read-one-item"}},
		{Name: "profilectl version", Argv: []string{tool, "version"}},
		{Name: "profilectl token", Argv: []string{tool, "token"}},
		{Name: "profilectl token --scope edit", Argv: []string{tool, "token", "--scope", "edit"}},
		{Name: "profilectl whoami", Argv: []string{tool, "whoami"}},
	}, 60)
	if err != nil {
		return err
	}
	fmt.Printf("%-30s %8s %8s %8s\n", "", "p50 ms", "p95 ms", "× floor")
	for _, t := range took {
		fmt.Printf("%-30s %8.1f %8.1f %8.2f\n", t.Name, t.At(50), t.At(95), t.At(50)/took[0].At(50))
	}
	return nil
}
