package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/zalando/go-keyring"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// ring is a keyring in memory that can be told to fail.
type ring struct {
	items   map[string]string
	reads   int           // how many Get there were
	changes int           // how many Set and Delete there were
	dieAt   int           // the change that the process dies at; 0 is none
	after   bool          // it dies after the change was made, not before
	failing error         // what every Set returns
	slow    chan struct{} // what every Set waits for
	gone    error         // what every Get returns
	hang    chan struct{} // what every Get waits for
	panics  bool
}

var errDead = errors.New("the process died")

func newRing() *ring { return &ring{items: map[string]string{}} }

func (r *ring) Get(service, account string) (string, error) {
	r.reads++
	if r.hang != nil {
		<-r.hang
	}
	if r.gone != nil {
		return "", r.gone
	}
	if r.panics {
		panic("the bus is gone")
	}
	item, ok := r.items[service+"|"+account]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return item, nil
}

// change makes one change, or dies at it: then nothing works any more.
func (r *ring) change(do func()) error {
	r.changes++
	if r.dieAt == 0 || r.changes < r.dieAt {
		do()
		return nil
	}
	if r.changes == r.dieAt && r.after {
		do()
	}
	return errDead
}

func (r *ring) Set(service, account, secret string) error {
	if r.slow != nil {
		<-r.slow
	}
	if r.failing != nil {
		return r.failing
	}
	return r.change(func() { r.items[service+"|"+account] = secret })
}

func (r *ring) Delete(service, account string) error {
	return r.change(func() { delete(r.items, service+"|"+account) })
}

func (r *ring) DeleteAll(service string) error {
	return r.change(func() {
		for name := range r.items {
			if strings.HasPrefix(name, service+"|") {
				delete(r.items, name)
			}
		}
	})
}

// blob is a cache as MSAL hands it over.
type blob struct{ data []byte }

func (b *blob) Marshal() ([]byte, error)    { return b.data, nil }
func (b *blob) Unmarshal(data []byte) error { b.data = bytes.Clone(data); return nil }

const maxItem = 2400 // Windows' 2560 with a reserve

func open(t *testing.T, r tokenstore.Ring, dir string) *tokenstore.Store {
	t.Helper()
	s, err := tokenstore.New(tokenstore.Config{Service: tokenstore.Service("a", "c", "t"), StateDir: dir, Ring: r, Wait: 5 * time.Second, MaxItem: maxItem})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func save(ctx context.Context, s *tokenstore.Store, data []byte) error {
	return s.Locked(ctx, func(ctx context.Context) error {
		var old blob
		if err := s.Replace(ctx, &old, cache.ReplaceHints{}); err != nil {
			return err
		}
		return s.Export(ctx, &blob{data}, cache.ExportHints{})
	})
}

func load(ctx context.Context, s *tokenstore.Store) ([]byte, error) {
	var b blob
	err := s.Replace(ctx, &b, cache.ReplaceHints{})
	return b.data, err
}

// sample is incompressible, so that its size decides the number of items.
func sample(size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte('!' + random.IntN(90))
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 5000, 20_000, 200_000} {
		items := map[bool]int{}
		for _, raw := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, raw %v", size, raw), func(t *testing.T) {
				r := newRing()
				config := tokenstore.Config{Service: "s", StateDir: t.TempDir(), Ring: r, Wait: 5 * time.Second, MaxItem: maxItem, Raw: raw}
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
					if !raw && strings.ContainsFunc(item, func(c rune) bool { return c != '\n' && (c < ' ' || c > '~') }) {
						t.Errorf("item %s is not text", name)
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

// TestAProcessThatDiesAnywhereLeavesTheOldOrTheNewCache kills the store before
// and after every change it makes to the keyring, for every pair of sizes.
func TestAProcessThatDiesAnywhereLeavesTheOldOrTheNewCache(t *testing.T) {
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

// dieOnce tells whether the save was long enough to be killed there.
func dieOnce(t *testing.T, before, next []byte, dieAt int, after bool) bool {
	t.Helper()
	r, dir := newRing(), t.TempDir()
	if err := save(t.Context(), open(t, r, dir), before); err != nil {
		t.Fatal(err)
	}
	r.changes, r.dieAt, r.after = 0, dieAt, after
	_ = save(t.Context(), open(t, r, dir), next) // dies
	reached := r.changes >= dieAt
	r.dieAt = 0
	got, err := load(t.Context(), open(t, r, dir))
	if err != nil || !bytes.Equal(got, before) && !bytes.Equal(got, next) {
		t.Fatalf("%d→%d bytes, killed at %d (after: %v): got %d bytes, %v", len(before), len(next), dieAt, after, len(got), err)
	}
	last := sample(100, 3) // fits into one item
	if err := save(t.Context(), open(t, r, dir), last); err != nil {
		t.Fatal(err)
	}
	if len(r.items) != 1 {
		t.Fatalf("%d→%d bytes, killed at %d (after: %v): the next save left %d items", len(before), len(next), dieAt, after, len(r.items))
	}
	return reached
}

func TestAnUnchangedCacheIsNotWritten(t *testing.T) {
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

// TestTheKeyringIsReadAgainOnlyAfterAChange counts what costs a process on macOS
// and a round trip on Linux.
func TestTheKeyringIsReadAgainOnlyAfterAChange(t *testing.T) {
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

func TestAKeyringThatFailsAfterTheSignInKeepsItForThisProcess(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	s := open(t, r, dir)
	if err := save(t.Context(), s, []byte("old")); err != nil {
		t.Fatal(err)
	}
	r.failing = errors.New("refused")
	err := save(t.Context(), s, []byte("new"))
	lost, ok := errors.AsType[*tokenstore.NotSaved](err)
	if !ok || lost.Err.Fix == "" {
		t.Fatalf("got %v, want NotSaved", err)
	}
	var here blob
	err = s.Locked(t.Context(), func(ctx context.Context) error { return s.Replace(ctx, &here, cache.ReplaceHints{}) })
	if _, ok := errors.AsType[*tokenstore.NotSaved](err); !ok || string(here.data) != "new" {
		t.Errorf("this process sees %q, %v", here.data, err)
	}
	elsewhere, err := load(t.Context(), open(t, r, dir))
	if err != nil || string(elsewhere) != "old" {
		t.Errorf("another process sees %q, %v", elsewhere, err)
	}
	r.failing = nil
	if err := save(t.Context(), s, []byte("newer")); err != nil {
		t.Errorf("the keyring works again: %v", err)
	}
}

// TestAKeyringThatGoesAwayDuringASignInKeepsIt: what was in the keyring cannot be
// known any more, so it is not written over either.
func TestAKeyringThatGoesAwayDuringASignInKeepsIt(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	if err := save(t.Context(), open(t, r, dir), []byte("old")); err != nil {
		t.Fatal(err)
	}
	s := open(t, r, dir)
	if err := s.Prepare(t.Context()); err != nil { // the browser opens
		t.Fatal(err)
	}
	kept := maps.Clone(r.items)
	r.gone = errors.New("the bus is gone")
	err := save(t.Context(), s, []byte("new"))
	if _, ok := errors.AsType[*tokenstore.NotSaved](err); !ok {
		t.Fatalf("got %v", err)
	}
	r.gone = nil
	if got, err := load(t.Context(), s); string(got) != "new" || !errors.As(err, new(*tokenstore.NotSaved)) {
		t.Errorf("this process has %q, %v", got, err)
	}
	if err := save(t.Context(), s, []byte("newer")); err == nil || !maps.Equal(r.items, kept) {
		t.Errorf("the keyring was written over: %v", err)
	}
}

func TestAFailureInsideIsNotHiddenByASaveThatFailed(t *testing.T) {
	r := newRing()
	s := open(t, r, t.TempDir())
	r.failing = errors.New("refused")
	own := errors.New("somebody else signed in")
	err := s.Locked(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Export(ctx, &blob{[]byte("x")}, cache.ExportHints{}), own)
	})
	if _, masked := errors.AsType[*tokenstore.NotSaved](err); masked || !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

func TestDamageIsSaidAndASignInMendsIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(items map[string]string)
	}{
		{"the head is rubbish", func(items map[string]string) { change(items, "|cache", func(string) string { return "rubbish" }) }},
		{"the head is of a later format", func(items map[string]string) {
			change(items, "|cache", func(s string) string { return "pc2" + s[3:] })
		}},
		{"a part is missing", func(items map[string]string) {
			for name := range items {
				if strings.HasSuffix(name, ".1") {
					delete(items, name)
				}
			}
		}},
		{"a part is changed", func(items map[string]string) { change(items, ".1", func(s string) string { return "A" + s[1:] + "A" }) }},
		{"a part is cut", func(items map[string]string) { change(items, ".1", func(s string) string { return s[:10] }) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, dir := newRing(), t.TempDir()
			if err := save(t.Context(), open(t, r, dir), sample(6000, 1)); err != nil {
				t.Fatal(err)
			}
			c.damage(r.items)
			s := open(t, r, dir)
			_, err := load(t.Context(), s)
			if f := fault.As(err); err == nil || f.Kind != fault.SignIn || f.What != "the stored sign-in is damaged" || f.Fix != "run `profilectl login`" {
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

func change(items map[string]string, suffix string, to func(string) string) {
	for name, item := range items {
		if strings.HasSuffix(name, suffix) {
			items[name] = to(item)
		}
	}
}

func TestPurgeLeavesNothing(t *testing.T) {
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

func TestAHangingKeyringIsSaidOnceAndAskedNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing()
		r.hang = make(chan struct{})
		told := 0
		s, err := tokenstore.New(tokenstore.Config{Service: "s", StateDir: t.TempDir(), Ring: r, Wait: time.Minute, Waiting: func() { told++ }})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 2 {
			err := s.Prepare(t.Context())
			if f := fault.As(err); f.Kind != fault.Unavailable || f.What != "the keyring did not answer in time" || f.Fix == "" {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(start); took != time.Minute || told != 1 {
			t.Errorf("it took %v and was told %d times", took, told)
		}
		close(r.hang)
	})
}

func TestAKeyringThatHangsWhileSavingIsSaidWithItsKnownCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing()
		r.slow = make(chan struct{})
		defer close(r.slow)
		err := save(t.Context(), open(t, r, t.TempDir()), []byte("x"))
		lost, ok := errors.AsType[*tokenstore.NotSaved](err)
		if !ok || lost.Err.Kind != fault.Unavailable || lost.Err.What != "the keyring did not answer in time when the sign-in was to be saved" || !strings.Contains(lost.Err.Fix, "KeePassXC") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAPanicInTheKeyringLibraryIsContained(t *testing.T) {
	r := newRing()
	r.panics = true
	_, err := load(t.Context(), open(t, r, t.TempDir()))
	if f := fault.As(err); f.Kind != fault.Unavailable || f.Fix == "" {
		t.Errorf("got %v", err)
	}
}

func TestWithoutASessionBusNothingIsCalled(t *testing.T) {
	const nobody = 4_000_000_001 // whose bus is nowhere
	none := tokenstore.OS("linux", nobody, func(string) string { return "" })
	err := open(t, none, t.TempDir()).Prepare(t.Context())
	if f := fault.As(err); f.Kind != fault.Unavailable || f.What != "there is no keyring in this session" {
		t.Errorf("got %v", err)
	}
}

func TestTheLockIsWaitedForAndThenSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, second := open(t, newRing(), dir), open(t, newRing(), dir)
		start := time.Now()
		err := first.Locked(t.Context(), func(context.Context) error {
			return second.Locked(t.Context(), func(context.Context) error { return errors.New("both are inside") })
		})
		if f := fault.As(err); f.Kind != fault.Unavailable || f.What != "another profilectl is using the stored sign-in" || f.Fix == "" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestMemory(t *testing.T) {
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
