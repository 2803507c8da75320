// Package wrap breaks text for a terminal between words.
package wrap

import (
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Hang returns a label and the text after it. If width, that of the terminal, is not 0, the
// text is broken between words, and its further lines are indented to where it begins. A
// command in backquotes is not broken, so that it can be copied.
func Hang(label, text string, width int) string {
	// The terminal breaks a longer word and continues at its left edge.
	return hang(label, text, width, func(column int) int { return (column-1)%width + 1 })
}

// Column returns the lines of a text in a column of a table, broken like those of Hang. Only
// a line of one word can be wider than the column.
func Column(text string, width int) []string {
	return strings.Split(hang("", text, width, func(column int) int { return column }), "\n")
}

// hang is Hang. If a word is wider than a line, after returns the column after it.
func hang(label, text string, width int, after func(column int) int) string {
	indent := runewidth.StringWidth(label)
	if width == 0 || indent+runewidth.StringWidth(text) <= width || strings.Contains(text, "\n") {
		return label + text
	}
	words := regexp.MustCompile("(\\s*)((?:[^\\s`]|`[^`]*`?)+)").FindAllStringSubmatch(text, -1)
	line, column := label, indent
	for i, match := range words {
		space, word := match[1], match[2]
		wide := runewidth.StringWidth(word)
		switch {
		case i == 0:
		case column+len(space)+wide > width:
			line += "\n" + strings.Repeat(" ", indent)
			column = indent
		default:
			line += space
			column += len(space)
		}
		line += word
		if column += wide; column > width {
			column = after(column)
		}
	}
	return line
}

// Message breaks the lines of a message that are wider than width, unless it is 0. Indented
// lines have an address or a command, and are not broken, unless they are a fix.
func Message(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		const label = "  fix: "
		if fix, ok := strings.CutPrefix(line, label); ok {
			lines[i] = Hang(label, fix, width)
		} else if !strings.HasPrefix(line, " ") {
			lines[i] = Hang("", line, width)
		}
	}
	return strings.Join(lines, "\n")
}
