package output

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// Table is a result for people.
type Table struct {
	Columns []string
	Rows    [][]string
}

// gap stands between columns.
const gap = "  "

// table prints the table: aligned on a terminal, cut to its width; separated by
// tabs, without a head, otherwise.
func (p Printer) table(t Table) error {
	var b strings.Builder
	if !p.TTY {
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = Plain(cell)
			}
			b.WriteString(strings.Join(cells, "\t") + "\n")
		}
	} else {
		widths := t.widths(p.Width)
		for _, row := range append([][]string{t.Columns}, t.Rows...) {
			b.WriteString(line(row, widths))
		}
	}
	if _, err := fmt.Fprint(p.Out, b.String()); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// widths gives each column what it needs; the widest one gives way where the
// terminal is too narrow.
func (t Table) widths(most int) []int {
	widths := make([]int, len(t.Columns))
	total := len(gap) * (len(widths) - 1)
	for i, head := range t.Columns {
		widths[i] = runewidth.StringWidth(head)
		for _, row := range t.Rows {
			widths[i] = max(widths[i], runewidth.StringWidth(Plain(row[i])))
		}
		total += widths[i]
	}
	const least = 8
	for total > most && most > 0 {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= least {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

func line(row []string, widths []int) string {
	var cells []string
	for i, cell := range row {
		cell = runewidth.Truncate(Plain(cell), widths[i], "…")
		cells = append(cells, runewidth.FillRight(cell, widths[i]))
	}
	return strings.TrimRight(strings.Join(cells, gap), " ") + "\n"
}

// Plain makes foreign text harmless to a terminal and to columns: control
// characters and those that turn the direction of text become visible.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u2028', r == '\u2029':
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
