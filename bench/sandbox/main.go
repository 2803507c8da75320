// Command sandbox measures how long a sandbox takes from the start of its process
// until it is ready, and how much memory an idle one uses. The floor, in the same run,
// is `profilectl version`, which does no work.
//
//	go run ./bench/sandbox
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

const (
	times   = 20
	timeout = time.Minute
)

func main() {
	if err := rounds.WithTool(measure); err != nil {
		fmt.Fprintln(os.Stderr, "bench/sandbox:", err)
		os.Exit(1)
	}
}

func measure(dir, tool string) error {
	kept := filepath.Join(dir, "kept")
	if _, err := start(tool, dir, kept); err != nil { // creates the kept tenant
		return err
	}
	names := []string{"profilectl version (floor)", "sandbox, new tenant", "sandbox, kept tenant"}
	took := make([][]sample, len(names))
	for round := range times {
		fresh := filepath.Join(dir, "fresh"+strconv.Itoa(round))
		for i, once := range []func() (sample, error){
			func() (sample, error) { return version(tool) },
			func() (sample, error) { return start(tool, dir, fresh) },
			func() (sample, error) { return start(tool, dir, kept) },
		} {
			s, err := once()
			if err != nil {
				return err
			}
			took[i] = append(took[i], s)
		}
	}
	fmt.Printf("%-28s %8s %8s %8s %10s\n", "", "p50 ms", "p95 ms", "CPU ms", "idle MB")
	for i, name := range names {
		fmt.Printf("%-28s %8d %8d %8d %10.1f\n", name,
			at(took[i], 50, func(s sample) int64 { return s.ready.Milliseconds() }),
			at(took[i], 95, func(s sample) int64 { return s.ready.Milliseconds() }),
			at(took[i], 50, func(s sample) int64 { return s.cpu.Milliseconds() }),
			float64(at(took[i], 95, func(s sample) int64 { return s.memory }))/1024)
	}
	return nil
}

// sample is one measurement.
type sample struct {
	ready  time.Duration // from the start of the process
	cpu    time.Duration // that it used until then, and to stop again
	memory int64         // resident set when idle, in KiB
}

// at returns a percentile of a value.
func at(samples []sample, percent int, value func(sample) int64) int64 {
	var all []int64
	for _, s := range samples {
		all = append(all, value(s))
	}
	return rounds.Percentile(all, percent)
}

func version(tool string) (sample, error) {
	c := exec.Command(tool, "version")
	begin := time.Now()
	err := c.Run()
	return sample{ready: time.Since(begin), cpu: cpu(c)}, err
}

// start starts a sandbox in a directory, waits until it writes its ready file, and
// stops it.
func start(tool, dir, state string) (s sample, err error) {
	ready := filepath.Join(dir, "ready")
	if err := os.RemoveAll(ready); err != nil {
		return s, err
	}
	c := exec.Command(tool, "sandbox", "--state", state)
	c.Env = append(os.Environ(),
		"PROFILECTL_READY_FILE="+ready,
		"PROFILECTL_CONFIG_DIR="+filepath.Join(dir, "config"),
		"PROFILECTL_STATE_DIR="+filepath.Join(dir, "state"))
	begin := time.Now()
	if err := c.Start(); err != nil {
		return s, err
	}
	for {
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if time.Since(begin) > timeout {
			return s, errors.Join(errors.New("the sandbox is not ready"), c.Process.Kill())
		}
		time.Sleep(time.Millisecond)
	}
	s.ready = time.Since(begin)
	s.memory, err = resident(c.Process.Pid)
	err = errors.Join(err, c.Process.Signal(os.Interrupt), c.Wait())
	s.cpu = cpu(c)
	return s, err
}

func cpu(c *exec.Cmd) time.Duration { return c.ProcessState.UserTime() + c.ProcessState.SystemTime() }

// resident returns the resident set of a process in KiB (proc(5)).
func resident(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("no VmRSS")
	}
	return strconv.ParseInt(fields[0], 10, 64)
}
