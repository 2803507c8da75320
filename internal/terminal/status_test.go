package terminal_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/terminal"
)

// screen records what is written to a terminal.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestStatusStaysBelowWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		s := terminal.NewStatus(&out, true)
		until := time.Now().Add(62 * time.Second)
		hide := s.Show(300*time.Millisecond, func() string { return terminal.Left(until) })
		time.Sleep(299 * time.Millisecond)
		synctest.Wait()
		if out.String() != "" {
			t.Errorf("shown before the delay: %q", out.String())
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		fmt.Fprintln(s, "above")
		time.Sleep(time.Second)
		synctest.Wait()
		hide()
		hide()
		fmt.Fprintln(s, "after")
		time.Sleep(time.Minute)
		const start = "\r\x1b[K"
		want := start + "1:02" + start + "above\n" + start + "1:02" + start + "1:01" + start + "after\n"
		if out.String() != want {
			t.Errorf("got  %q\nwant %q", out.String(), want)
		}
	})
}

func TestStatusShowsNothingWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		s := terminal.NewStatus(&out, false)
		defer s.Show(0, func() string { return "never" })()
		time.Sleep(time.Second)
		fmt.Fprintln(s, "text")
		if out.String() != "text\n" {
			t.Errorf("got %q", out.String())
		}
	})
}

func TestLeftCountsMinutesAndSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for after, want := range map[time.Duration]string{
			-time.Second:                    "0:00",
			7 * time.Second:                 "0:07",
			5 * time.Minute:                 "5:00",
			15*time.Minute + 30*time.Second: "15:30",
		} {
			if got := terminal.Left(time.Now().Add(after)); got != want {
				t.Errorf("%v: got %s, want %s", after, got, want)
			}
		}
	})
}
