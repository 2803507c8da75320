package loopback_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// TestMain lets the test binary run as one of the processes that the tests kill.
func TestMain(m *testing.M) {
	if path := os.Getenv("TEST_SAVE"); path != "" {
		fmt.Fprintln(os.Stderr, saveForever(path))
		os.Exit(1)
	}
	if path := os.Getenv("TEST_EDIT"); path != "" {
		fmt.Fprintln(os.Stderr, editForever(path))
		os.Exit(1)
	}
	if path := os.Getenv("TEST_IMPORT"); path != "" {
		fmt.Fprintln(os.Stderr, importForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestDirKeepsTheSavedStateWhenKilled(t *testing.T) {
	for range 20 {
		path := t.TempDir()
		process := startWorker(t, "TEST_SAVE="+path)
		saved := -1
		for lines := bufio.NewScanner(process.output); lines.Scan(); {
			saved = atoi(t, lines.Text())
			if saved == 5 {
				_ = process.Process.Kill()
			}
		}
		process.wait()
		d, err := loopback.OpenDir(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Load()
		if err != nil || !bytes.Equal(got, numberedState(saved)) && !bytes.Equal(got, numberedState(saved+1)) {
			t.Errorf("after state %d: got %.10q…, %d bytes, %v", saved, got, len(got), err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTenantKeepsAcknowledgedEditsWhenKilled(t *testing.T) {
	path := t.TempDir()
	acknowledged := 0
	for range 15 {
		acknowledged = killWorker(t, "TEST_EDIT="+path)
		tenant, d, err := openTenant(path)
		if err != nil {
			t.Fatal(err)
		}
		city := *tenant.Profile(tenant.Facts().User)["city"]
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if got := atoi(t, city); got != acknowledged && got != acknowledged+1 {
			t.Fatalf("edit %d was acknowledged, and the tenant has edit %d", acknowledged, got)
		}
	}
	t.Logf("15 kills, %d edits", acknowledged)
}

// TestTenantIsImportedAsAWholeWhenKilled kills a process that replaces its tenant with one
// of three others in turn. What is left is the last acknowledged one or the next one, with
// all of its users and keys.
func TestTenantIsImportedAsAWholeWhenKilled(t *testing.T) {
	path := t.TempDir()
	var files [importFiles][]byte
	for i := range files {
		tenant, err := sandbox.New(sandbox.Config{QuickPasswords: true})
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = tenant.Export(true); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(importFile(path, i), files[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imports := 0
	for range 15 {
		acknowledged := killWorker(t, "TEST_IMPORT="+path)
		tenant, d, err := openTenant(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tenant.Export(true)
		if err = errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		last, next := files[acknowledged%importFiles], files[(acknowledged+1)%importFiles]
		if !bytes.Equal(got, last) && !bytes.Equal(got, next) {
			t.Fatalf("after import %d, the tenant is neither the last one nor the next one:\n%s", acknowledged, got)
		}
		imports += acknowledged
	}
	t.Logf("15 kills, %d imports", imports)
}

// importFiles is the number of files. With three, the tenant before the last acknowledged one
// differs from the next one.
const importFiles = 3

func importFile(path string, i int) string { return filepath.Join(path, strconv.Itoa(i)+".yaml") }

// worker is a process that runs until it is killed, and prints numbers.
type worker struct {
	*exec.Cmd
	t       *testing.T
	output  io.Reader
	trouble bytes.Buffer // the error with which the process ended by itself
}

// startWorker runs the test binary with a further environment variable.
func startWorker(t *testing.T, variable string) *worker {
	t.Helper()
	w := &worker{Cmd: exec.CommandContext(t.Context(), os.Args[0]), t: t}
	w.Env = append(os.Environ(), variable, "GORACE=atexit_sleep_ms=0")
	w.Stderr = &w.trouble
	var err error
	if w.output, err = w.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// wait waits until the process has ended, and fails the test if it was not killed.
func (w *worker) wait() {
	w.t.Helper()
	_ = w.Wait() // it was killed
	if w.trouble.Len() > 0 {
		w.t.Fatalf("the process ended by itself: %s", w.trouble.String())
	}
}

// killWorker starts a worker, kills it at a random time after its first number, and returns its
// last one.
func killWorker(t *testing.T, variable string) (last int) {
	t.Helper()
	w := startWorker(t, variable)
	var kill *time.Timer
	for lines := bufio.NewScanner(w.output); lines.Scan(); {
		last = atoi(t, lines.Text())
		if kill == nil {
			delay := time.Duration(rand.IntN(60_000)) * time.Microsecond
			kill = time.AfterFunc(delay, func() { _ = w.Process.Kill() })
		}
	}
	w.wait()
	if kill == nil {
		t.Fatal("the sandbox did not start")
	}
	kill.Stop()
	return last
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// saveForever saves one state after another and prints the number of each when
// it is saved.
func saveForever(path string) error {
	d, err := loopback.OpenDir(path)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := d.Save(numberedState(n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func numberedState(n int) []byte {
	return fmt.Appendf(nil, "%d %s", n, bytes.Repeat([]byte("x"), 200_000))
}

// editForever sets the user's city to one number after another and prints each
// when it is acknowledged.
func editForever(path string) error {
	tenant, _, err := openTenant(path)
	if err != nil {
		return err
	}
	user := tenant.Facts().User
	number := 0
	if city := tenant.Profile(user)["city"]; city != nil {
		number, _ = strconv.Atoi(*city) // 0 for the seeded city
	}
	for {
		number++
		city := strconv.Itoa(number)
		if err := tenant.SetProfile(user, "city", &city); err != nil {
			return err
		}
		fmt.Println(number)
	}
}

// importForever replaces the tenant with those of the files in turn, and prints the
// number of each import when it is acknowledged.
func importForever(path string) error {
	tenant, _, err := openTenant(path)
	if err != nil {
		return err
	}
	for number := 1; ; number++ {
		file, err := os.ReadFile(importFile(path, number%importFiles))
		if err != nil {
			return err
		}
		if err := tenant.Import(file); err != nil {
			return err
		}
		fmt.Println(number)
	}
}

func openTenant(path string) (*sandbox.Tenant, *loopback.Dir, error) {
	d, err := loopback.OpenDir(path)
	if err != nil {
		return nil, nil, err
	}
	tenant, err := sandbox.New(sandbox.Config{Store: d, QuickPasswords: true})
	return tenant, d, err
}
