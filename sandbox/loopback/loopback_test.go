package loopback_test

import (
	"errors"
	"testing"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

func TestListenReportsABusyPort(t *testing.T) {
	l, err := loopback.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := loopback.Listen(l.Port()); !errors.Is(err, loopback.ErrBusy) {
		t.Errorf("got %v", err)
	}
}
