// Command token measures how long a script waits for `profilectl token` when
// the token is cached, against two floors in the same run: a program that does
// nothing but read one item of the keyring, and profilectl without any work.
//
// It needs a session bus with an unlocked keyring:
//
//	scripts/with-secret-service go run ./bench/token
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/sandbox/robot"
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
		return outer()
	case args[0] == "measure":
		return measure(args[1])
	case args[0] == "browse":
		return browse(args[1])
	case args[0] == "read-one-item":
		_, err := keyring.Get(floorService, "item")
		return err
	}
	return errors.New("no such part: " + args[0])
}

const floorService = "profilectl/bench-floor"

// outer builds both programs and starts the inner half in a sandbox.
func outer() error {
	dir, err := os.MkdirTemp("", "bench-token")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool, self := filepath.Join(dir, "profilectl"), filepath.Join(dir, "bench")
	for path, pkg := range map[string]string{tool: "./cmd/profilectl", self: "./bench/token"} {
		if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", pkg, err, out)
		}
	}
	c := exec.Command(tool, "sandbox", "exec", "--", self, "measure", tool)
	c.Env = append(os.Environ(), "PROFILECTL_BROWSER="+self+" browse", "XDG_STATE_HOME="+dir+"/state", "XDG_CONFIG_HOME="+dir+"/config")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

// measure signs in and times the three programs in turns, so that a busy moment
// of the machine meets all of them.
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
	programs := []struct {
		name string
		argv []string
	}{
		{"read one item (floor)", []string{self, "read-one-item"}},
		{"profilectl version", []string{tool, "version"}},
		{"profilectl token", []string{tool, "token"}},
		{"profilectl token --scope edit", []string{tool, "token", "--scope", "edit"}},
		{"profilectl whoami", []string{tool, "whoami"}},
	}
	const warmUp, rounds = 5, 60
	took := make([][]time.Duration, len(programs))
	for round := range warmUp + rounds {
		for i, p := range programs {
			start := time.Now()
			if out, err := exec.Command(p.argv[0], p.argv[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w: %s", p.name, err, out)
			}
			if round >= warmUp {
				took[i] = append(took[i], time.Since(start))
			}
		}
	}
	fmt.Printf("%-30s %8s %8s %8s\n", "", "p50 ms", "p95 ms", "× floor")
	for i, p := range programs {
		fmt.Printf("%-30s %8.1f %8.1f %8.2f\n", p.name, at(took[i], 50), at(took[i], 95), at(took[i], 50)/at(took[0], 50))
	}
	return nil
}

// at returns a percentile in milliseconds.
func at(all []time.Duration, percent int) float64 {
	slices.Sort(all)
	return float64(all[(len(all)-1)*percent/100].Microseconds()) / 1000
}

// browse is the person at the browser.
func browse(address string) error {
	browser, err := robot.New(robot.Person{Email: os.Getenv("SANDBOX_USER"), Password: os.Getenv("SANDBOX_PASSWORD"), Code: newestCode}, nil)
	if err != nil {
		return err
	}
	_, err = browser.Open(context.Background(), address)
	return err
}

// newestCode reads the mail box.
func newestCode(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(os.Getenv("SANDBOX_MAILBOX"), "/mailbox?", "/mailbox.json?", 1), nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	var mail []struct{ Code string }
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&mail); err != nil || len(mail) == 0 {
		return "", errors.Join(errors.New("no mail"), err)
	}
	return mail[0].Code, nil
}
