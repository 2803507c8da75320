package cli

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
)

// progress writes to standard error what a command is doing: for a user on one
// line of the terminal, for a program as JSON lines with one event each. It is
// safe for concurrent use.
type progress struct {
	out    io.Writer
	width  int // at which text is broken; 0 for none
	json   bool
	quiet  bool
	status *terminal.Status

	mu     sync.Mutex      // guards out in JSON mode, and warned
	warned map[string]bool // warnings that were printed
}

// The values of --progress.
const (
	progressAuto = "auto"
	progressJSON = "json"
	progressNone = "none"
)

// newProgress makes a progress. An empty mode is auto.
func newProgress(out io.Writer, mode string, facts terminal.Capabilities) (*progress, error) {
	mode = cmp.Or(mode, progressAuto)
	switch mode {
	case progressAuto, progressJSON, progressNone:
		return &progress{
			out:    out,
			width:  wrapWidth(facts.StderrTTY && mode != progressJSON, facts.Width),
			json:   mode == progressJSON,
			status: terminal.NewStatus(out, facts.Live && mode == progressAuto),
			warned: map[string]bool{},
		}, nil
	}
	return nil, &fault.Error{
		Kind: fault.Usage,
		What: "invalid progress mode " + quote(mode),
		Fix:  "use --progress auto, json or none",
	}
}

// event is one line for a program. Empty members are left out.
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

// isJSON reports whether a program reads the events.
func (p *progress) isJSON() bool { return p.json }

// silence discards all messages for the user from now on.
func (p *progress) silence() { p.quiet = true }

// waiting shows the text on the terminal while the command waits for the user. The returned
// func ends that.
func (p *progress) waiting(text func() string) (done func()) { return p.status.Show(0, text) }

// event sends an event to the program that reads them, if there is one.
func (p *progress) event(e event) {
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

// step reports that a step has begun. The returned func reports its end.
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

// spinner returns the frame of an animation that turns once a second.
func spinner(start time.Time) string {
	const frames, turn = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", time.Second
	all := []rune(frames)
	return string(all[int(time.Since(start)%turn*time.Duration(len(all))/turn)])
}

// say prints a message for the user. Its arguments may come from outside, so they are
// made safe for a terminal.
func (p *progress) say(format string, args ...any) {
	p.show(terminal.Wrap(output.Safe(fmt.Sprintf(format, args...)), p.width))
}

// show prints a text that is safe already and may contain color.
func (p *progress) show(text string) {
	switch {
	case p.quiet:
	case p.json:
		p.event(event{Event: "message", Message: text})
	default:
		_, _ = fmt.Fprintln(p.status, text) // nowhere left to report a failure
	}
}

// warn prints a warning, unless the same one was printed before.
func (p *progress) warn(format string, args ...any) {
	text := fmt.Sprintf("warning: "+format, args...)
	p.mu.Lock()
	repeated := p.warned[text]
	p.warned[text] = true
	p.mu.Unlock()
	if !repeated {
		p.say("%s", text)
	}
}
