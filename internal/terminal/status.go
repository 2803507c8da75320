package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Status writes to a terminal and keeps one line at its end that says what is
// being waited for. It is safe for concurrent use. Off a terminal there is no
// such line, and Status is just the writer.
type Status struct {
	out  io.Writer
	live bool

	mu    sync.Mutex
	line  string        // what stands there now
	text  func() string // what is to stand there; nil for nothing
	ended chan struct{} // closed when the line is to go
}

// tick is how often the line is looked at; it is rewritten only if it changed.
const tick = 100 * time.Millisecond

// NewStatus returns a Status over out. With live, out is a terminal whose lines
// can be rewritten.
func NewStatus(out io.Writer, live bool) *Status {
	return &Status{out: out, live: live}
}

// Write prints above the line.
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

// Show keeps the line up to date until hide is called, which may be done more
// than once. It appears after a delay, so that what is quick does not flicker. A
// second Show within the first changes nothing.
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
		case <-ended: // meanwhile: the line is gone and stays so
		default:
			s.text = text
			s.draw(text())
		}
		s.mu.Unlock()
		wait.Reset(tick)
	}
}

// draw replaces the line.
func (s *Status) draw(line string) {
	if line == s.line {
		return
	}
	const start = "\r\x1b[K"
	s.line = line
	_, _ = io.WriteString(s.out, start+line) // a terminal that is gone is nobody's loss
}

// Left writes how long it is until a moment, as 4:07.
func Left(until time.Time) string {
	const minute = 60
	seconds := int(max(0, time.Until(until).Round(time.Second)).Seconds())
	return fmt.Sprintf("%d:%02d", seconds/minute, seconds%minute)
}
