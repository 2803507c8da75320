package tokenstore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/tokenstore"
)

// realRing returns the keyring of this session, which scripts/test provides. Without
// one, it skips the test.
func realRing(t *testing.T) tokenstore.Ring {
	t.Helper()
	r := tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv)
	s, err := tokenstore.New(tokenstore.Config{
		Service:  "profilectl/test-probe",
		StateDir: t.TempDir(),
		Ring:     r,
		Wait:     5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skipf("no keyring in this session: %v", err)
	}
	return r
}

func TestStoreKeepsLargeCachesInARealKeyring(t *testing.T) {
	r := realRing(t)
	for _, most := range []int{0, maxItem} {
		config := tokenstore.Config{
			Service:  "profilectl/test-" + strconv.Itoa(most),
			StateDir: t.TempDir(),
			Ring:     r,
			Wait:     5 * time.Second,
			MaxItem:  most,
		}
		s, err := tokenstore.New(config)
		if err != nil {
			t.Fatal(err)
		}
		want := sample(20_000, 1)
		if err := save(t.Context(), s, want); err != nil {
			t.Fatal(err)
		}
		again, err := tokenstore.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := load(t.Context(), again); err != nil || !bytes.Equal(got, want) {
			t.Errorf("items of %d: got %d bytes, %v", most, len(got), err)
		}
		if err := s.Purge(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// openCounter returns the store that the worker processes share. A small MaxItem
// makes each save write several items.
func openCounter(dir string) (*tokenstore.Store, error) {
	return tokenstore.New(tokenstore.Config{
		Service:  "profilectl/test-hammer",
		StateDir: dir,
		Ring:     tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv),
		Wait:     20 * time.Second,
		MaxItem:  600,
	})
}

// counter returns the cache that holds a number.
func counter(number int) []byte {
	return fmt.Appendf(nil, "%d %s", number, sample(1000, uint64(number)))
}

// parseCounter returns the number in a cache, or 0 if there is no cache, which Replace
// passes as the empty one of MSAL.
func parseCounter(data []byte) (int, error) {
	if data == nil || string(data) == "{}" {
		return 0, nil
	}
	text, _, _ := strings.Cut(string(data), " ")
	return strconv.Atoi(text)
}

// worker is a process that adds one to the number in the store, again and again, and
// prints each number that it has saved.
func worker(dir string) error {
	s, err := openCounter(dir)
	if err != nil {
		return err
	}
	for {
		number := 0
		err := s.Locked(context.Background(), func(ctx context.Context) error {
			var b blob
			if err := s.Replace(ctx, &b, cache.ReplaceHints{}); err != nil {
				return err
			}
			if number, err = parseCounter(b.data); err != nil {
				return err
			}
			number++
			return s.Export(ctx, &blob{counter(number)}, cache.ExportHints{})
		})
		if err != nil {
			return err
		}
		fmt.Println(number)
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("TEST_HAMMER"); dir != "" {
		fmt.Fprintln(os.Stderr, worker(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestStoreLosesNothingOfKilledProcesses runs processes on one store in a real
// keyring and kills them at random times. Every number that a process printed is in
// the store, and no number was saved twice.
func TestStoreLosesNothingOfKilledProcesses(t *testing.T) {
	realRing(t)
	processes, kills := 4, 30
	wine := os.Getenv("PROFILECTL_TEST_WINE") != ""
	switch {
	case os.Getenv("PROFILECTL_SOAK") != "":
		processes, kills = 8, 1600
	case wine:
		kills = 12
	}
	dir := t.TempDir()
	printed := make(chan int, 1024)
	ended := make(chan error, processes)
	for range processes {
		go func() { ended <- hammer(t, dir, kills/processes, printed) }()
	}
	seen, highest := map[int]bool{}, 0
	for left := processes; left > 0; {
		select {
		case n := <-printed:
			if seen[n] {
				t.Errorf("%d was saved twice", n)
			}
			seen[n], highest = true, max(highest, n)
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			left--
		}
	}
	s, err := openCounter(dir)
	if err != nil {
		t.Fatal(err)
	}
	data, err := load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	number, err := parseCounter(data)
	if err != nil || number < highest || number > len(seen)+kills || !bytes.Equal(data, counter(number)) {
		t.Errorf("the store has %d (%v); %d numbers were printed, the highest is %d", number, err, len(seen), highest)
	}
	t.Logf("%d numbers printed, %d kills, the store has %d", len(seen), kills, number)
	err = s.Purge(t.Context())
	if wine && errors.Is(err, fs.ErrNotExist) {
		t.Logf("the keyring of Wine has half an item of a killed process, and cannot list its items: %v", err)
	} else if err != nil {
		t.Error(err)
	}
}

// hammer starts a worker and kills it, several times, and sends the numbers that it
// prints.
func hammer(t *testing.T, dir string, kills int, printed chan<- int) error {
	for range kills {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), "TEST_HAMMER="+dir, "GORACE=atexit_sleep_ms=0")
		var trouble bytes.Buffer
		c.Stderr = &trouble
		out, err := c.StdoutPipe()
		if err != nil {
			return err
		}
		if err := c.Start(); err != nil {
			return err
		}
		var killed *time.Timer
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if killed == nil { // at a random time after the first save
				life := time.Duration(rand.IntN(500)) * time.Millisecond
				killed = time.AfterFunc(life, func() { _ = c.Process.Kill() })
			}
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				printed <- n
			}
		}
		_ = c.Wait() // it was killed
		if killed == nil {
			return fmt.Errorf("worker: nothing was saved; %s", trouble.String())
		}
		killed.Stop()
		if trouble.Len() > 0 {
			return fmt.Errorf("worker: %s", trouble.String())
		}
	}
	return nil
}
