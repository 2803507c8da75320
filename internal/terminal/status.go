package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
)

// Status writes to a terminal and keeps a status line below everything written,
// which shows what the program waits for. It is safe for concurrent use. If the
// output is not a terminal, it shows no status line.
type Status struct {
	out  io.Writer
	live bool

	mu    sync.Mutex
	line  string        // the status line on the screen; empty if there is none
	text  func() string // returns the status line to show; nil while there is none
	ended chan struct{} // closed to end run; nil while it does not run
}

// tick is how often text is called. The line is rewritten only if it has changed.
const tick = 100 * time.Millisecond

// NewStatus returns a Status that writes to out. live reports whether out is a
// terminal whose lines can be rewritten.
func NewStatus(out io.Writer, live bool) *Status {
	return &Status{out: out, live: live}
}

// Write writes p above the status line.
func (s *Status) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draw("")
	n, err := s.out.Write(p)
	if s.text != nil && strings.HasSuffix(string(p), "\n") {
		s.draw(s.text())
	}
	return n, err
}

// Show shows text as the status line and updates it until hide is called. The line
// appears after the delay, so that it does not flicker when the wait is short. If a
// line is shown already, Show does nothing. hide may be called more than once.
func (s *Status) Show(delay time.Duration, text func() string) (hide func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live || s.ended != nil {
		return func() {}
	}
	ended := make(chan struct{})
	s.ended = ended
	go s.run(delay, text, ended)
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(ended)
		s.ended, s.text = nil, nil
		s.draw("")
	})
}

func (s *Status) run(delay time.Duration, text func() string, ended <-chan struct{}) {
	wait := time.NewTimer(delay)
	defer wait.Stop()
	for {
		select {
		case <-ended:
			return
		case <-wait.C:
		}
		s.mu.Lock()
		select {
		case <-ended: // hide removed the line while run waited for the lock
		default:
			s.text = text
			s.draw(text())
		}
		s.mu.Unlock()
		wait.Reset(tick)
	}
}

// draw replaces the status line on the screen. A line that is wider than the terminal
// would wrap, and only its last row could be replaced; so it is cut.
func (s *Status) draw(line string) {
	width, _ := size(s.out)
	line = runewidth.Truncate(line, width-1, "…")
	if line == s.line {
		return
	}
	const start = "\r\x1b[K"
	s.line = line
	_, _ = io.WriteString(s.out, start+line) // a closed terminal does not end the command
}

// Left returns the time left until t in minutes and seconds, such as 4:07. It
// returns 0:00 after t.
func Left(t time.Time) string {
	const minute = 60
	seconds := int(max(0, time.Until(t).Round(time.Second)).Seconds())
	return fmt.Sprintf("%d:%02d", seconds/minute, seconds%minute)
}
