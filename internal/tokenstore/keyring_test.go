package tokenstore_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
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

// realRing is the keyring of this session. scripts/test provides one.
func realRing(t *testing.T) tokenstore.Ring {
	t.Helper()
	r := tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv)
	s, err := tokenstore.New(tokenstore.Config{Service: "profilectl/test-probe", StateDir: t.TempDir(), Ring: r, Wait: 5 * time.Second})
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

func TestARealKeyringKeepsLargeCaches(t *testing.T) {
	r := realRing(t)
	for _, most := range []int{0, maxItem} {
		config := tokenstore.Config{Service: "profilectl/test-" + strconv.Itoa(most), StateDir: t.TempDir(), Ring: r, Wait: 5 * time.Second, MaxItem: most}
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

// worker is the process that the hammer runs many of: it adds one to the number
// in the store, again and again, and says each number that was saved.
func worker(dir string) error {
	s, err := tokenstore.New(tokenstore.Config{
		Service: "profilectl/test-hammer", StateDir: dir, Ring: tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv),
		Wait: 20 * time.Second, MaxItem: 600, // some items a save
	})
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
			if b.data != nil {
				text, _, _ := strings.Cut(string(b.data), " ")
				if number, err = strconv.Atoi(text); err != nil {
					return err
				}
			}
			number++
			return s.Export(ctx, &blob{fmt.Appendf(nil, "%d %s", number, sample(1000, uint64(number)))}, cache.ExportHints{})
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

// TestKilledProcessesLoseNothing runs processes on one store in a real keyring
// and kills them at random moments: every number that was said is in the store,
// once.
func TestKilledProcessesLoseNothing(t *testing.T) {
	realRing(t)
	processes, kills := 4, 30
	if os.Getenv("PROFILECTL_SOAK") != "" {
		processes, kills = 8, 1600
	}
	dir := t.TempDir()
	said := make(chan int, 1024)
	ended := make(chan error, processes)
	for range processes {
		go func() { ended <- hammer(t, dir, kills/processes, said) }()
	}
	seen, highest := map[int]bool{}, 0
	for left := processes; left > 0; {
		select {
		case n := <-said:
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
	s, err := tokenstore.New(tokenstore.Config{Service: "profilectl/test-hammer", StateDir: dir, Ring: tokenstore.OS(runtime.GOOS, os.Getuid(), os.Getenv), Wait: 20 * time.Second, MaxItem: 600})
	if err != nil {
		t.Fatal(err)
	}
	data, err := load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), " ")
	number, err := strconv.Atoi(text)
	if err != nil || number < highest || number > len(seen)+kills || !bytes.Equal(data, fmt.Appendf(nil, "%d %s", number, sample(1000, uint64(number)))) {
		t.Errorf("the store has %q (%v), the highest number said is %d of %d", text, err, highest, len(seen))
	}
	t.Logf("%d saves said, %d kills, the store has %d", len(seen), kills, number)
	if err := s.Purge(t.Context()); err != nil {
		t.Error(err)
	}
}

// hammer starts a worker and kills it, several times.
func hammer(t *testing.T, dir string, kills int, said chan<- int) error {
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
		killed := time.AfterFunc(time.Duration(150+rand.IntN(500))*time.Millisecond, func() { _ = c.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				said <- n
			}
		}
		_ = c.Wait() // it was killed
		killed.Stop()
		if trouble.Len() > 0 {
			return fmt.Errorf("worker: %s", trouble.String())
		}
	}
	return nil
}
