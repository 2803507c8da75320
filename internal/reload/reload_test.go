package reload_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/reload"
)

func TestAChangedFileIsReadAgainAndABrokenOneIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret")
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		reads := 0
		read := func() (string, error) {
			reads++
			raw, err := os.ReadFile(path)
			if err == nil && len(raw) == 0 {
				err = errors.New("it is empty")
			}
			return string(raw), err
		}
		write("one")
		var log bytes.Buffer
		v, err := reload.New("the secret", slog.New(slog.NewTextHandler(&log, nil)), read, path)
		if err != nil {
			t.Fatal(err)
		}
		is := func(want string, version int) {
			t.Helper()
			if got, n := v.Get(); got != want || n != version {
				t.Errorf("got %q, version %d", got, n)
			}
		}
		is("one", 1)
		write("number two")
		is("one", 1) // files are looked at once a second
		time.Sleep(time.Second)
		is("number two", 2)
		write("")
		time.Sleep(time.Second)
		is("number two", 2)
		if !strings.Contains(log.String(), "the secret changed and cannot be used; the old one stays") {
			t.Errorf("the log says %s", log.String())
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		is("number two", 2)
		write("three")
		time.Sleep(time.Second)
		is("three", 3)
		before := reads
		for range 10 {
			time.Sleep(time.Second)
			is("three", 3)
		}
		if reads != before {
			t.Errorf("an unchanged file was read %d times", reads-before)
		}
	})
}

func TestWhatCannotBeReadAtTheStartIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := reload.New("it", slog.New(slog.DiscardHandler), func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
