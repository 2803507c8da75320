// Package rounds times programs in turns, so that a slow period of the machine
// affects all of them, in a sandbox that lasts as long as the measurement.
package rounds

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// InSandbox builds profilectl and the measuring program pkg, and runs the latter
// in a temporary sandbox with the arguments "measure" and the path of
// profilectl. With the argument "browse" the same program is the browser.
func InSandbox(pkg string) error {
	return WithTool(func(dir, tool string) error {
		self, err := Build(dir, pkg)
		if err != nil {
			return err
		}
		c := exec.Command(tool, "sandbox", "exec", "--", self, "measure", tool)
		c.Env = append(os.Environ(),
			"PROFILECTL_BROWSER="+self+" browse",
			"XDG_STATE_HOME="+filepath.Join(dir, "state"),
			"XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		return c.Run()
	})
}

// WithTool builds profilectl into a temporary directory and calls measure with the
// directory and the path of profilectl.
func WithTool(measure func(dir, tool string) error) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tool, err := Build(dir, "./cmd/profilectl")
	if err != nil {
		return err
	}
	return measure(dir, tool)
}

// Build builds a program of this module into dir, without cgo like the release, and
// returns its path.
func Build(dir, pkg string) (string, error) {
	path := filepath.Join(dir, filepath.Base(pkg)+".bench")
	c := exec.Command("go", "build", "-o", path, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", pkg, err, out)
	}
	return path, nil
}

// Program is a program to time.
type Program struct {
	Name string
	Argv []string
	// Counted adds an argument that differs in every round.
	Counted bool
}

// Took holds the durations of a program, one a round.
type Took struct {
	Name string
	all  []time.Duration
}

// At returns a percentile in milliseconds.
func (t Took) At(percent int) float64 {
	return float64(Percentile(t.all, percent).Microseconds()) / 1000
}

// Percentile sorts values and returns a percentile of them.
func Percentile[T cmp.Ordered](values []T, percent int) T {
	slices.Sort(values)
	return values[(len(values)-1)*percent/100]
}

// Time runs all programs in turns: five rounds to warm up, then times rounds that
// count.
func Time(programs []Program, times int) ([]Took, error) {
	const warmUp = 5
	took := make([]Took, len(programs))
	for round := range warmUp + times {
		for i, p := range programs {
			took[i].Name = p.Name
			args := slices.Clone(p.Argv[1:])
			if p.Counted {
				args = append(args, "number "+strconv.Itoa(round))
			}
			start := time.Now()
			if out, err := exec.Command(p.Argv[0], args...).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%s: %w: %s", p.Name, err, out)
			}
			if round >= warmUp {
				took[i].all = append(took[i].all, time.Since(start))
			}
		}
	}
	return took, nil
}

// Roots returns the CA certificates in a PEM file.
func Roots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(path + " holds no certificate")
	}
	return pool, nil
}
