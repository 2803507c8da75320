package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// progress tells on standard error what a command does: to a person on one line
// of their terminal, to a program as JSON lines, one an event.
type progress struct {
	out    io.Writer
	json   bool
	quiet  bool
	status *terminal.Status
	mu     sync.Mutex // one event at a time
}

// The values of --progress.
const (
	progressAuto = "auto"
	progressJSON = "json"
	progressNone = "none"
)

// newProgress makes a progress; an empty mode is auto.
func newProgress(out io.Writer, mode string, live bool) (*progress, error) {
	mode = cmp.Or(mode, progressAuto)
	p := &progress{out: out, json: mode == progressJSON, status: terminal.NewStatus(out, live && mode == progressAuto)}
	switch mode {
	case progressAuto, progressJSON, progressNone:
		return p, nil
	}
	return nil, &fault.Error{Kind: fault.Usage, What: quote(mode) + " is no kind of progress", Fix: "use --progress auto, json or none"}
}

// event is one line for a program. Only what an event has is in it.
type event struct {
	Event   string     `json:"event"` // started, done, message, sign-in or device-code
	Step    string     `json:"step,omitempty"`
	Millis  *int64     `json:"ms,omitempty"`
	Message string     `json:"message,omitempty"`
	URL     string     `json:"url,omitempty"`
	Port    int        `json:"port,omitempty"`
	Code    string     `json:"code,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
}

func (p *progress) event(e event) {
	if !p.json {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(e) // nowhere left to complain
}

// patience is how long a step may take before a person is told of it.
const patience = 300 * time.Millisecond

// step says that something has begun, and with done that it has ended.
func (p *progress) step(name, text string) (done func()) {
	start := time.Now()
	p.event(event{Event: "started", Step: name})
	hide := p.status.Show(patience, func() string { return spinner(start) + " " + text + "…" })
	return func() {
		hide()
		took := time.Since(start).Milliseconds()
		p.event(event{Event: "done", Step: name, Millis: &took})
	}
}

// spinner turns once a second.
func spinner(start time.Time) string {
	const frames, turn = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", time.Second
	all := []rune(frames)
	return string(all[int(time.Since(start)%turn*time.Duration(len(all))/turn)])
}

// say tells the person something that is no result.
func (p *progress) say(format string, args ...any) {
	switch text := fmt.Sprintf(format, args...); {
	case p.quiet:
	case p.json:
		p.event(event{Event: "message", Message: text})
	default:
		_, _ = fmt.Fprintln(p.status, text) // nowhere left to complain
	}
}
