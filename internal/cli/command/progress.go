package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
	"github.com/profilectl/profilectl/internal/wrap"
)

// Progress writes to standard error what a command is doing: for a user on one
// line of the terminal, for a program as JSON lines with one event each. It is
// safe for concurrent use.
type Progress struct {
	out    io.Writer
	Width  int // at which text is broken; 0 for none
	json   bool
	quiet  bool
	status *terminal.Status

	mu     sync.Mutex      // guards out in JSON mode, and warned
	warned map[string]bool // warnings that were printed
}

// The values of --progress.
const (
	ProgressAuto = "auto"
	ProgressJSON = "json"
	ProgressNone = "none"
)

// NewProgress makes a progress. An empty mode is auto.
func NewProgress(out io.Writer, mode string, facts terminal.Capabilities) (*Progress, error) {
	mode = cmp.Or(mode, ProgressAuto)
	switch mode {
	case ProgressAuto, ProgressJSON, ProgressNone:
		return &Progress{
			out:    out,
			Width:  WrapWidth(facts.StderrTTY && mode != ProgressJSON, facts.Width),
			json:   mode == ProgressJSON,
			status: terminal.NewStatus(out, facts.Live && mode == ProgressAuto),
			warned: map[string]bool{},
		}, nil
	}
	return nil, &fault.Error{
		Kind: fault.Usage,
		What: "invalid progress mode " + Quote(mode),
		Fix:  "use --progress auto, json or none",
	}
}

// Event is one line for a program. Empty members are left out.
type Event struct {
	Event   string     `json:"event"` // started, done, message, sign-in or device-code
	Step    string     `json:"step,omitempty"`
	Millis  *int64     `json:"ms,omitempty"`
	Message string     `json:"message,omitempty"`
	URL     string     `json:"url,omitempty"`
	Port    int        `json:"port,omitempty"`
	Code    string     `json:"code,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
}

// IsJSON reports whether a program reads the events.
func (p *Progress) IsJSON() bool { return p.json }

// Silence discards all messages for the user from now on.
func (p *Progress) Silence() { p.quiet = true }

// Waiting shows the text on the terminal while the command waits for the user. The returned
// func ends that.
func (p *Progress) Waiting(text func() string) (done func()) { return p.status.Show(0, text) }

// Event sends an event to the program that reads them, if there is one.
func (p *Progress) Event(e Event) {
	if !p.json {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(e) // nowhere left to report a failure
}

// patience is how long a step may take before the terminal shows it.
const patience = 300 * time.Millisecond

// Step reports that a step has begun. The returned func reports its end.
func (p *Progress) Step(name, text string) (done func()) {
	start := time.Now()
	p.Event(Event{Event: "started", Step: name})
	hide := p.status.Show(patience, func() string { return spinner(start) + " " + text + "…" })
	return func() {
		hide()
		took := time.Since(start).Milliseconds()
		p.Event(Event{Event: "done", Step: name, Millis: &took})
	}
}

// spinner returns the frame of an animation that turns once a second.
func spinner(start time.Time) string {
	const frames, turn = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", time.Second
	all := []rune(frames)
	return string(all[int(time.Since(start)%turn*time.Duration(len(all))/turn)])
}

// Say prints a message for the user. Its arguments may come from outside, so they are
// made safe for a terminal.
func (p *Progress) Say(format string, args ...any) {
	p.Show(wrap.Message(output.Safe(fmt.Sprintf(format, args...)), p.Width))
}

// Show prints a text that is safe already and may contain color.
func (p *Progress) Show(text string) {
	switch {
	case p.quiet:
	case p.json:
		p.Event(Event{Event: "message", Message: text})
	default:
		_, _ = fmt.Fprintln(p.status, text) // nowhere left to report a failure
	}
}

// Warn prints a warning, unless the same one was printed before.
func (p *Progress) Warn(format string, args ...any) {
	text := fmt.Sprintf("warning: "+format, args...)
	p.mu.Lock()
	repeated := p.warned[text]
	p.warned[text] = true
	p.mu.Unlock()
	if !repeated {
		p.Say("%s", text)
	}
}
