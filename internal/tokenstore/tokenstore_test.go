package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

func TestStoreReturnsWhatItSaved(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 5000, 20_000, 200_000} {
		items := map[bool]int{}
		for _, raw := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, raw %v", size, raw), func(t *testing.T) {
				r := newRing()
				config := tokenstore.Config{
					Service:  "s",
					StateDir: t.TempDir(),
					Ring:     r,
					Wait:     5 * time.Second,
					MaxItem:  maxItem,
					Raw:      raw,
				}
				s, err := tokenstore.New(config)
				if err != nil {
					t.Fatal(err)
				}
				want := sample(size, 7)
				if err := save(t.Context(), s, want); err != nil {
					t.Fatal(err)
				}
				for name, item := range r.items {
					if len(item) > maxItem {
						t.Errorf("item %s has %d bytes", name, len(item))
					}
					text := !raw && runtime.GOOS != "windows" && runtime.GOOS != "darwin"
					if text && strings.ContainsFunc(item, isBinary) {
						t.Errorf("item %s holds binary data", name)
					}
				}
				items[raw] = len(r.items)
				again, err := tokenstore.New(config)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := load(t.Context(), again); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %d bytes, %v", len(got), err)
				}
			})
		}
		if items[true] > items[false] {
			t.Errorf("%d bytes: raw takes %d items, text %d", size, items[true], items[false])
		}
	}
}

func isBinary(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }

// TestStoreHoldsTheOldOrTheNewCacheAfterACrash ends the process before and after every
// change that a save makes to the keyring, for every pair of sizes.
func TestStoreHoldsTheOldOrTheNewCacheAfterACrash(t *testing.T) {
	sizes := []int{500, 2500, 5000, 9000}
	points := 0
	for _, oldSize := range sizes {
		for _, newSize := range sizes {
			for dieAt := 1; ; dieAt++ {
				reached := false
				for _, after := range []bool{false, true} {
					reached = dieOnce(t, sample(oldSize, 1), sample(newSize, 2), dieAt, after) || reached
					points++
				}
				if !reached {
					break
				}
			}
		}
	}
	t.Logf("%d points", points)
}

// dieOnce saves next over before, dies at a change, and checks what the store holds
// then. It reports whether the save made that many changes.
func dieOnce(t *testing.T, before, next []byte, dieAt int, after bool) bool {
	t.Helper()
	r, dir := newRing(), t.TempDir()
	if err := save(t.Context(), open(t, r, dir), before); err != nil {
		t.Fatal(err)
	}
	r.changes, r.dieAt, r.after = 0, dieAt, after
	_ = save(t.Context(), open(t, r, dir), next) // fails, because the process dies
	reached := r.changes >= dieAt
	r.dieAt = 0
	got, err := load(t.Context(), open(t, r, dir))
	where := fmt.Sprintf("%d→%d bytes, killed at change %d (after: %v)", len(before), len(next), dieAt, after)
	if err != nil || !bytes.Equal(got, before) && !bytes.Equal(got, next) {
		t.Fatalf("%s: got %d bytes, %v", where, len(got), err)
	}
	last := sample(100, 3) // fits into one item
	if err := save(t.Context(), open(t, r, dir), last); err != nil {
		t.Fatal(err)
	}
	if len(r.items) != 1 {
		t.Fatalf("%s: the next save left %d items", where, len(r.items))
	}
	return reached
}

func TestStoreDoesNotWriteAnUnchangedCache(t *testing.T) {
	r := newRing()
	s := open(t, r, t.TempDir())
	for range 3 {
		if err := save(t.Context(), s, []byte("same")); err != nil {
			t.Fatal(err)
		}
	}
	if r.changes != 1 {
		t.Errorf("the keyring was written %d times", r.changes)
	}
}

// TestStoreReadsTheKeyringAgainOnlyAfterAChange counts reads, each of which starts a
// process on macOS and takes a round trip on Linux.
func TestStoreReadsTheKeyringAgainOnlyAfterAChange(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	first, second := open(t, r, dir), open(t, r, dir)
	if err := save(t.Context(), first, []byte("1")); err != nil {
		t.Fatal(err)
	}
	expect := func(s *tokenstore.Store, want string, reads int) {
		t.Helper()
		before := r.reads
		if got, err := load(t.Context(), s); err != nil || string(got) != want || r.reads-before != reads {
			t.Errorf("got %q, %v with %d reads, want %q with %d", got, err, r.reads-before, want, reads)
		}
	}
	expect(first, "1", 0)
	expect(second, "1", 1)
	expect(second, "1", 0)
	if err := save(t.Context(), second, []byte("2")); err != nil {
		t.Fatal(err)
	}
	expect(first, "2", 1)
	if err := first.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(second, "", 1)
}

func TestStoreReplacesDamagedDataAtTheNextSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(items map[string]string)
	}{
		{"a head that cannot be parsed", func(items map[string]string) {
			change(items, "|cache", func(string) string { return "garbage" })
		}},
		{"a head in a later format", func(items map[string]string) {
			change(items, "|cache", func(s string) string { return "pc2" + s[3:] })
		}},
		{"a missing part", func(items map[string]string) {
			for name := range items {
				if strings.HasSuffix(name, ".1") {
					delete(items, name)
				}
			}
		}},
		{"a changed part", func(items map[string]string) {
			change(items, ".1", func(s string) string { return "A" + s[1:] + "A" })
		}},
		{"a truncated part", func(items map[string]string) {
			change(items, ".1", func(s string) string { return s[:10] })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, dir := newRing(), t.TempDir()
			if err := save(t.Context(), open(t, r, dir), sample(6000, 1)); err != nil {
				t.Fatal(err)
			}
			c.damage(r.items)
			s := open(t, r, dir)
			_, err := load(t.Context(), s)
			f := fault.As(err)
			if f.Kind != fault.SignIn || f.What != "the stored sign-in is damaged" || f.Next != fault.DoSignIn {
				t.Fatalf("got %v", err)
			}
			if err := s.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := save(t.Context(), s, []byte("fresh")); err != nil {
				t.Fatal(err)
			}
			if got, err := load(t.Context(), open(t, r, dir)); err != nil || string(got) != "fresh" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestPurgeDeletesEverything(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	s := open(t, r, dir)
	if err := save(t.Context(), s, sample(9000, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := filepath.Glob(filepath.Join(dir, "*.pending"))
	if len(r.items) != 0 || len(pending) != 0 || err != nil {
		t.Errorf("left %d items, %v", len(r.items), pending)
	}
	if got, err := load(t.Context(), s); err != nil || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestMemoryKeepsTheCache(t *testing.T) {
	s := tokenstore.Memory()
	if err := errors.Join(s.Prepare(t.Context()), save(t.Context(), s, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if got, err := load(t.Context(), s); err != nil || string(got) != "x" || s.Kind() != "memory" {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("pc1 abcdefgh 1 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")
	f.Add("pc1 abcdefgh 4096 16777216 00\nx")
	f.Fuzz(func(t *testing.T, item string) {
		r := newRing()
		r.items[tokenstore.Service("a", "c", "t")+"|cache"] = item
		if _, err := load(t.Context(), open(t, r, t.TempDir())); err != nil && fault.As(err).Kind != fault.SignIn {
			t.Errorf("%q: %v", item, err)
		}
	})
}

func TestLockedStopsWaitingForItsTurn(t *testing.T) {
	store := tokenstore.Memory()
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Locked(t.Context(), func(context.Context) error {
		cancel()
		return store.Locked(ctx, func(context.Context) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestReplaceEmptiesACacheThatAnotherProcessRemoved(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	this, other := open(t, r, dir), open(t, r, dir)
	if err := save(t.Context(), this, []byte("tokens")); err != nil {
		t.Fatal(err)
	}
	if err := other.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	msal := blob{[]byte("tokens")}
	if err := this.Replace(t.Context(), &msal, cache.ReplaceHints{}); err != nil || string(msal.data) != emptyCache {
		t.Errorf("got %q, %v", msal.data, err)
	}
}

// TestRoundtripIsNotDisturbed starts the same check in another process between the write
// and the read.
func TestRoundtripIsNotDisturbed(t *testing.T) {
	config := tokenstore.Config{Service: "doctor", StateDir: t.TempDir(), LockWait: 50 * time.Millisecond}
	plain := func() (*tokenstore.Store, error) { return tokenstore.NewFile(config) }
	opened := 0
	err := tokenstore.Roundtrip(t.Context(), func() (*tokenstore.Store, error) {
		if opened++; opened == 2 {
			err := tokenstore.Roundtrip(t.Context(), plain)
			if f := fault.As(err); f.What != "another profilectl is using the stored sign-in" {
				t.Errorf("the other process: got %v", err)
			}
		}
		return plain()
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(tokenstore.FilePath(config.StateDir, config.Service)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the value is still there: %v", err)
	}
}
