package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/profilectl/profilectl/internal/cli"
	"github.com/profilectl/profilectl/internal/cli/command"
)

// runServe is `profilectl serve` with a CPU profile of its whole life, which it writes to a
// file when it is told to end.
func runServe(file string) error {
	to, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(to); err != nil {
		return err
	}
	code := cli.Run(command.System(), []string{"serve"})
	pprof.StopCPUProfile()
	if err := to.Close(); err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("serve ended with exit code %d", code)
	}
	return nil
}

// profile writes a CPU profile of serve, for which every request is one of a new user.
func (t *tenant) profile(o options, self, dir string) error {
	tokens, err := t.tokens(int(float64(o.rounds) * o.length.Seconds() * perSecond))
	if err != nil {
		return err
	}
	c := exec.Command(self, "serve", o.profileTo)
	c.Env = append(os.Environ(), t.serveEnvironment(dir)...)
	s, err := launch(c, dir)
	if err != nil {
		return err
	}
	o.length = time.Hour // it ends with its tokens
	if _, _, err := load(s.address+"/updateUserInfo", o, tokens, true); err != nil {
		s.stop()
		return err
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		s.stop()
		return err
	}
	return c.Wait()
}
