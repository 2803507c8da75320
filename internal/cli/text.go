package cli

import "strconv"

// wrapWidth returns the width at which text is broken: that of a terminal, and 0 elsewhere.
func wrapWidth(isTerminal bool, width int) int {
	if !isTerminal {
		return 0
	}
	return width
}

// quote makes foreign text safe inside a message.
func quote(s string) string {
	const most = 64
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}
