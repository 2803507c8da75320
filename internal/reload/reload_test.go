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

func TestValueFollowsItsFileAndKeepsTheLastValidContent(t *testing.T) {
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
		expect := func(want string, version int) {
			t.Helper()
			if got, n := v.Get(); got != want || n != version {
				t.Errorf("got %q, version %d", got, n)
			}
		}
		expect("one", 1)
		write("number two")
		expect("one", 1) // files are checked once a second
		time.Sleep(time.Second)
		expect("number two", 2)
		write("")
		time.Sleep(time.Second)
		expect("number two", 2)
		for range 3 {
			time.Sleep(time.Second)
			expect("number two", 2)
		}
		const failure = `level=ERROR msg="the secret changed but cannot be loaded; keeping the old one"`
		if strings.Count(log.String(), failure) != 1 || v.Err() == nil {
			t.Errorf("the log says %s, and Err returns %v", log.String(), v.Err())
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		expect("number two", 2)
		write("three")
		time.Sleep(time.Second)
		expect("three", 3)
		if v.Err() != nil {
			t.Errorf("Err returns %v", v.Err())
		}
		before := reads
		for range 10 {
			time.Sleep(time.Second)
			expect("three", 3)
		}
		if reads != before {
			t.Errorf("an unchanged file was read %d times", reads-before)
		}
	})
}

func TestReloadChecksTheFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (string, error) {
		raw, err := os.ReadFile(path)
		if err == nil && len(raw) == 0 {
			err = errors.New("it is empty")
		}
		return string(raw), err
	}
	write("one")
	v, err := reload.New("the secret", slog.New(slog.DiscardHandler), read, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text    string
		changed bool
		fails   bool
		want    string
	}{
		{"number two", true, false, "number two"},
		{"", false, true, "number two"},
		{"three", true, false, "three"},
	} {
		write(c.text)
		changed, err := v.Reload()
		if got, _ := v.Get(); changed != c.changed || (err != nil) != c.fails || got != c.want {
			t.Errorf("%q: changed %v, %v, value %q", c.text, changed, err, got)
		}
	}
	if changed, err := v.Reload(); changed || err != nil {
		t.Errorf("an unchanged file: changed %v, %v", changed, err)
	}
}

func TestNewReturnsTheErrorOfTheFirstRead(t *testing.T) {
	broken := errors.New("broken")
	read := func() (int, error) { return 0, broken }
	if _, err := reload.New("the secret", slog.New(slog.DiscardHandler), read); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
