package terminal

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestEscapePutsSplitSequencesTogether(t *testing.T) {
	esc := tea.KeyMsg{Type: tea.KeyEsc}
	text := func(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)} }
	alt := func(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s), Alt: true} }
	for _, c := range []struct {
		name string
		in   []tea.KeyMsg
		want []tea.KeyType
	}{
		{"an arrow in two parts", []tea.KeyMsg{esc, text("[B")}, []tea.KeyType{tea.KeyDown}},
		{"an arrow in three parts", []tea.KeyMsg{esc, text("["), text("A")}, []tea.KeyType{tea.KeyUp}},
		{"an arrow of application mode", []tea.KeyMsg{esc, text("OC")}, []tea.KeyType{tea.KeyRight}},
		{"the introducer came with the Esc", []tea.KeyMsg{alt("["), text("D")}, []tea.KeyType{tea.KeyLeft}},
		{"a number", []tea.KeyMsg{esc, text("[3"), text("~")}, []tea.KeyType{tea.KeyDelete}},
		{"an unknown sequence", []tea.KeyMsg{esc, text("[200;1R")}, nil},
		{"text after a sequence", []tea.KeyMsg{esc, text("[B"), text("x")}, []tea.KeyType{tea.KeyDown, tea.KeyRunes}},
		{"Esc twice", []tea.KeyMsg{esc, esc}, []tea.KeyType{tea.KeyEsc}},
		{"Esc and a letter", []tea.KeyMsg{esc, text("y")}, []tea.KeyType{tea.KeyEsc}},
		{"a sequence without an end", []tea.KeyMsg{esc, text("["), {Type: tea.KeyEnter}}, []tea.KeyType{tea.KeyEnter}},
		{"Esc alone waits", []tea.KeyMsg{esc}, nil},
	} {
		var e escape
		var got []tea.KeyType
		for _, msg := range c.in {
			if key, ok, _ := e.key(msg); ok {
				got = append(got, key.Type)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestEscapeAloneIsTheKeyAfterItsWait(t *testing.T) {
	var e escape
	_, ok, wait := e.key(tea.KeyMsg{Type: tea.KeyEsc})
	if ok || wait == nil {
		t.Fatalf("got %v, %v", ok, wait)
	}
	if e.ended(escapeEnded{number: e.number - 1}) {
		t.Error("the end of an earlier wait counts")
	}
	if !e.ended(escapeEnded{number: e.number}) {
		t.Error("the Esc is lost")
	}
	e.key(tea.KeyMsg{Type: tea.KeyEsc})
	e.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("[B")})
	if e.ended(escapeEnded{number: e.number}) {
		t.Error("the Esc of an arrow counts")
	}
}
