package output

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Table is a result as users see it. Every row has a cell for each column.
type Table struct {
	Columns []string
	Rows    [][]string
	// Whole names the columns with values that users copy. They are never truncated.
	Whole []string
	// Details are sentences about the rows, one for each. A terminal shows a detail
	// below its row; elsewhere it is the last cell.
	Details []string
	// Least are the smallest widths of the columns, so that tables that follow each
	// other are aligned.
	Least []int
	// Continued omits the header, because an earlier table had it.
	Continued bool
}

// gap separates columns.
const gap = "  "

// table prints the table. On a terminal, the columns are aligned and truncated to its
// width. Otherwise, tabs separate the cells, and there is no header.
func (p Printer) table(t Table) error {
	var b strings.Builder
	if !p.TTY {
		for i, row := range t.Rows {
			if t.Details != nil {
				row = append(slices.Clone(row), t.Details[i])
			}
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = Plain(cell)
			}
			b.WriteString(strings.Join(cells, "\t") + "\n")
		}
	} else {
		t.align(&b, t.widths(p.Width))
	}
	if _, err := fmt.Fprint(p.Out, b.String()); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// align writes the header and the rows, padded or truncated to the widths, with their
// details.
func (t Table) align(b *strings.Builder, widths []int) {
	if !t.Continued {
		b.WriteString(line(t.Columns, widths))
	}
	for i, row := range t.Rows {
		b.WriteString(line(row, widths))
		if t.Details != nil {
			b.WriteString(gap + gap + Plain(t.Details[i]) + "\n")
		}
	}
}

// widths returns the width that each column needs. If they exceed the limit, the widest
// columns that may be truncated shrink first, and none below 8. A limit of 0 is no limit.
func (t Table) widths(limit int) []int {
	widths := make([]int, len(t.Columns))
	total := len(gap) * (len(widths) - 1)
	for i, header := range t.Columns {
		widths[i] = runewidth.StringWidth(header)
		if i < len(t.Least) {
			widths[i] = max(widths[i], t.Least[i])
		}
		for _, row := range t.Rows {
			widths[i] = max(widths[i], runewidth.StringWidth(Plain(row[i])))
		}
		total += widths[i]
	}
	const least = 8
	for total > limit && limit > 0 {
		widest := -1
		for i, header := range t.Columns {
			if !slices.Contains(t.Whole, header) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 || widths[widest] <= least {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}

// line returns a row whose cells are padded or truncated to the widths.
func line(row []string, widths []int) string {
	var cells []string
	for i, cell := range row {
		cell = runewidth.Truncate(Plain(cell), widths[i], "…")
		cells = append(cells, runewidth.FillRight(cell, widths[i]))
	}
	return strings.TrimRight(strings.Join(cells, gap), " ") + "\n"
}
