package tokenstore_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

func TestStoreKeepsInMemoryWhatTheKeyringRejects(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	s := open(t, r, dir)
	if err := save(t.Context(), s, []byte("old")); err != nil {
		t.Fatal(err)
	}
	r.failing = errors.New("rejected")
	err := save(t.Context(), s, []byte("new"))
	lost, ok := errors.AsType[*tokenstore.NotSaved](err)
	if !ok || lost.Err.Fix == "" {
		t.Fatalf("got %v, want NotSaved", err)
	}
	var here blob
	err = s.Locked(t.Context(), func(ctx context.Context) error {
		return s.Replace(ctx, &here, cache.ReplaceHints{})
	})
	if _, ok := errors.AsType[*tokenstore.NotSaved](err); !ok || string(here.data) != "new" {
		t.Errorf("this process sees %q, %v", here.data, err)
	}
	elsewhere, err := load(t.Context(), open(t, r, dir))
	if err != nil || string(elsewhere) != "old" {
		t.Errorf("another process sees %q, %v", elsewhere, err)
	}
	r.failing = nil
	if err := save(t.Context(), s, []byte("newer")); err != nil {
		t.Errorf("after the keyring works again: %v", err)
	}
}

// TestStoreDoesNotOverwriteAnUnreadableKeyring covers a keyring that fails while the
// user signs in. The store no longer knows what the keyring holds.
func TestStoreDoesNotOverwriteAnUnreadableKeyring(t *testing.T) {
	r, dir := newRing(), t.TempDir()
	if err := save(t.Context(), open(t, r, dir), []byte("old")); err != nil {
		t.Fatal(err)
	}
	s := open(t, r, dir)
	if err := s.Prepare(t.Context()); err != nil { // then the browser opens
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
		t.Errorf("the keyring was overwritten: %v", err)
	}
}

func TestLockedPrefersTheErrorOfItsFunction(t *testing.T) {
	r := newRing()
	s := open(t, r, t.TempDir())
	r.failing = errors.New("rejected")
	own := errors.New("a different account signed in")
	err := s.Locked(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Export(ctx, &blob{[]byte("x")}, cache.ExportHints{}), own)
	})
	if _, masked := errors.AsType[*tokenstore.NotSaved](err); masked || !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

func TestStoreCallsAHangingKeyringOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing()
		r.hang = make(chan struct{})
		told := 0
		s, err := tokenstore.New(tokenstore.Config{
			Service:  "s",
			StateDir: t.TempDir(),
			Ring:     r,
			Wait:     time.Minute,
			Waiting:  func() { told++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 2 {
			err := s.Prepare(t.Context())
			f := fault.As(err)
			if f.Kind != fault.Unavailable || f.What != "the keyring did not answer in time" || f.Fix == "" {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(start); took != time.Minute || told != 1 {
			t.Errorf("it took %v, and Waiting was called %d times", took, told)
		}
		close(r.hang)
	})
}

func TestStoreNamesTheKnownCauseOfAHangingSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing()
		r.slow = make(chan struct{})
		defer close(r.slow)
		err := save(t.Context(), open(t, r, t.TempDir()), []byte("x"))
		lost, ok := errors.AsType[*tokenstore.NotSaved](err)
		if !ok {
			t.Fatalf("got %v, want NotSaved", err)
		}
		what, fix := "the keyring did not save the sign-in in time", "KeePassXC"
		switch runtime.GOOS {
		case "darwin":
			what, fix = "the keyring did not answer in time", "unlock"
		case "windows":
			what, fix = "the keyring did not answer in time", "sign out of Windows"
		}
		if f := lost.Err; f.Kind != fault.Unavailable || f.What != what || !strings.Contains(f.Fix, fix) {
			t.Errorf("got %v, fix %q", f, f.Fix)
		}
	})
}

func TestStoreSurvivesAPanicOfTheKeyringLibrary(t *testing.T) {
	r := newRing()
	r.panics = true
	_, err := load(t.Context(), open(t, r, t.TempDir()))
	if f := fault.As(err); f.Kind != fault.Unavailable || f.Fix == "" {
		t.Errorf("got %v", err)
	}
}

func TestOSCallsNothingWithoutASessionBus(t *testing.T) {
	const unusedID = 4_000_000_001 // no user has this id, so there is no bus
	none := tokenstore.OS("linux", unusedID, func(string) string { return "" })
	err := open(t, none, t.TempDir()).Prepare(t.Context())
	f := fault.As(err)
	const what = "there is no keyring in this session: DBUS_SESSION_BUS_ADDRESS is not set, " +
		"and there is no /run/user/4000000001/bus"
	if f.Kind != fault.Unavailable || f.What != what || f.Next != fault.DoUsePlainFile {
		t.Errorf("got %v, next %v", f, f.Next)
	}
}

func TestLockedGivesUpOnTheLockAfterHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, second := open(t, newRing(), dir), open(t, newRing(), dir)
		start := time.Now()
		err := first.Locked(t.Context(), func(context.Context) error {
			return second.Locked(t.Context(), func(context.Context) error {
				return errors.New("both hold the lock")
			})
		})
		f := fault.As(err)
		if f.Kind != fault.Unavailable || f.What != "another profilectl is using the stored sign-in" || f.Fix == "" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
