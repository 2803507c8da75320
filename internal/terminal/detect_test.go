//go:build !windows

package terminal

import (
	"os"
	"testing"

	"github.com/creack/pty"
)

func TestDetectAsksInPlainLinesWithoutEscapes(t *testing.T) {
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	defer tty.Close()
	none := func(string) string { return "" }
	for _, escapes := range []bool{true, false} {
		understands := func(*os.File) bool { return escapes }
		c := detect(tty, tty, tty, "windows", none, false, understands)
		if !c.Interactive || c.Accessible == escapes || c.Live != escapes || c.Color != escapes {
			t.Errorf("escapes %v: got %+v", escapes, c)
		}
	}
}
