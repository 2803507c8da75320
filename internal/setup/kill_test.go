package setup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary run as a process that applies a setup and that the tests
// can kill.
func TestMain(m *testing.M) {
	if address := os.Getenv("SETUP_TEST_GRAPH"); address != "" {
		dir := os.Getenv("SETUP_TEST_DIR")
		o := quick(dir)
		o.Replication, _ = time.ParseDuration(os.Getenv("SETUP_TEST_REPLICATION"))
		if _, err := Apply(context.Background(), apiOf(address), wantedIn(dir), o); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process runs Apply in a process of its own.
type process struct {
	mu  sync.Mutex
	cmd *exec.Cmd
}

func (p *process) run(t *testing.T, a *API, dir string, replication time.Duration) error {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "SETUP_TEST_GRAPH="+a.Base, "SETUP_TEST_DIR="+dir,
		"SETUP_TEST_REPLICATION="+replication.String(), "GORACE=atexit_sleep_ms=0")
	p.mu.Lock()
	p.cmd = cmd
	err = cmd.Start()
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Wait()
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Kill()
}

// TestApplyContinuesAfterKill kills the process at each write in turn, before the request
// has an effect and after it, with and without replication lag. The next process
// completes the setup, and no object exists twice.
func TestApplyContinuesAfterKill(t *testing.T) {
	writes := countWrites(t)
	for n := range writes {
		killAt(t, n, false, 0, 50*time.Millisecond)
		killAt(t, n, true, 0, 50*time.Millisecond)
		killAt(t, n, true, 4, 2*time.Second)
	}
	t.Logf("killed at each of %d writes, in 3 ways", writes)
}

// killAt kills a process at a write, and checks what the next process makes of it.
func killAt(t *testing.T, n int, executed bool, lag int, replication time.Duration) {
	t.Helper()
	f := newFake()
	f.lag = lag
	a, dir := f.server(t), t.TempDir()
	p := &process{}
	kill := func(i int) bool {
		if i == n {
			p.kill()
		}
		return i == n
	}
	f.locked(func() {
		f.before = kill
		if executed {
			f.before, f.after = nil, kill
		}
	})
	if err := p.run(t, a, dir, replication); err == nil {
		t.Fatalf("write %d: the process was not killed", n)
	}
	f.locked(func() { f.before, f.after = nil, nil })
	if err := p.run(t, a, dir, replication); err != nil {
		t.Fatalf("write %d, executed %v, lag %d: %v", n, executed, lag, err)
	}
	checkComplete(t, f, a, dir)
}

// countWrites returns how many writes a complete setup takes.
func countWrites(t *testing.T) int {
	t.Helper()
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	if err := (&process{}).run(t, a, dir, time.Second); err != nil {
		t.Fatal(err)
	}
	n := 0
	f.locked(func() { n = len(f.writes) })
	return n
}

// checkComplete checks that nothing is missing or exists twice, and that the secret in
// the file is the one of the application.
func checkComplete(t *testing.T, f *fakeGraph, a *API, dir string) {
	t.Helper()
	f.locked(func() { f.lag = 0 })
	checkCounts(t, f)
	tenant, err := Find(t.Context(), a, wantedIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	if p := NewPlan(tenant, wantedIn(dir)); p.Pending() {
		t.Errorf("a third run would write: %+v", p.Items)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "secret"))
	if err != nil || len(secret) < 3 || string(secret[:3]) != tenant.midTier.PasswordCredentials[0].Hint {
		t.Errorf("the secret was not written: %q, %v", secret, err)
	}
}
