package terminal

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// escapeWait is how long the rest of an escape sequence may take after its Esc, for
// example over a slow SSH connection. An Esc that the user presses takes
// effect after that time.
const escapeWait = 300 * time.Millisecond

// escape joins escape sequences that arrive in parts. The terminal library reads the parts
// as the key Esc and as text.
type escape struct {
	waiting bool   // after an Esc
	started bool   // after the first character of a sequence
	rest    string // of the sequence so far, without its introducer
	number  int    // of the Esc, so that the end of an earlier wait is ignored
}

// escapeEnded is the message that the wait after an Esc is over.
type escapeEnded struct{ number int }

// key returns the key to handle. If ok is false, the key was part of a sequence, or
// an Esc that may begin one; wait is then the command to return.
func (e *escape) key(msg tea.KeyMsg) (key tea.KeyMsg, ok bool, wait tea.Cmd) {
	text := ""
	if msg.Type == tea.KeyRunes && !msg.Paste {
		text = string(msg.Runes)
	}
	switch {
	case e.started && text != "":
		return e.next(text)
	case e.started: // the sequence has no end
		e.waiting, e.started = false, false
	case e.waiting && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "O")):
		e.started, e.rest = true, ""
		return e.next(text[1:])
	case e.waiting:
		e.waiting = false
		return tea.KeyMsg{Type: tea.KeyEsc}, true, nil // another key after Esc: it was the key
	case msg.Alt && (text == "[" || text == "O"): // Esc and the introducer came together
		e.begin()
		e.started, e.rest = true, ""
		return tea.KeyMsg{}, false, e.wait()
	case msg.Type == tea.KeyEsc:
		e.begin()
		return tea.KeyMsg{}, false, e.wait()
	}
	return msg, true, nil
}

func (e *escape) begin() {
	e.number++
	e.waiting, e.started = true, false
}

func (e *escape) wait() tea.Cmd {
	number := e.number
	return tea.Tick(escapeWait, func(time.Time) tea.Msg { return escapeEnded{number} })
}

// next takes the next characters of a sequence. A sequence ends with a letter or a
// tilde (ECMA-48, 5.4).
func (e *escape) next(text string) (tea.KeyMsg, bool, tea.Cmd) {
	for _, r := range text {
		e.rest += string(r)
		if r >= '@' && r <= '~' {
			e.waiting, e.started = false, false
			key, known := sequences()[e.rest]
			return tea.KeyMsg{Type: key}, known, nil
		}
	}
	return tea.KeyMsg{}, false, nil
}

// ended reports whether an Esc was the key, now that its wait is over. A sequence
// that began and did not end is dropped.
func (e *escape) ended(msg escapeEnded) bool {
	if msg.number != e.number || !e.waiting {
		return false
	}
	key := !e.started
	e.waiting, e.started = false, false
	return key
}

// sequences returns the keys that a form understands.
func sequences() map[string]tea.KeyType {
	return map[string]tea.KeyType{
		"A": tea.KeyUp, "B": tea.KeyDown, "C": tea.KeyRight, "D": tea.KeyLeft,
		"H": tea.KeyHome, "F": tea.KeyEnd, "1~": tea.KeyHome, "4~": tea.KeyEnd,
		"3~": tea.KeyDelete, "Z": tea.KeyShiftTab,
	}
}
