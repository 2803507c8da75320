package command

import "strconv"

// WrapWidth returns the width at which text is broken: that of a terminal, and 0 elsewhere.
func WrapWidth(isTerminal bool, width int) int {
	if !isTerminal {
		return 0
	}
	return width
}

// Quote makes foreign text safe inside a message.
func Quote(s string) string {
	const most = 64
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}
