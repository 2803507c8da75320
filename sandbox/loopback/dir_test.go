package loopback_test

import (
	"errors"
	"testing"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

func TestDirHasOneOwner(t *testing.T) {
	path := t.TempDir()
	d, err := loopback.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := loopback.OpenDir(path); !errors.Is(err, loopback.ErrInUse) {
		t.Errorf("got %v", err)
	}
}

func TestDirKeepsPorts(t *testing.T) {
	path := t.TempDir()
	d, err := loopback.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	ports := loopback.Ports{API: 1, Pages: 2, MidTier: 3}
	if err := errors.Join(d.SavePorts(ports), d.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err = loopback.OpenDir(path); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := d.Ports(); err != nil || got != ports {
		t.Errorf("got %v, %v", got, err)
	}
}
