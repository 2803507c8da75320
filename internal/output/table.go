package output

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/profilectl/profilectl/internal/wrap"
)

// Table is a result as users see it. Every row has a cell for each column.
type Table struct {
	Columns []string
	Rows    [][]string
	// Whole names the columns with values that users copy. They are never truncated or
	// broken.
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

// table prints the table. On a terminal, the columns are aligned and fitted to its width;
// if they cannot be, each cell gets a line of its own. Otherwise, tabs separate the cells,
// and there is no header.
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
	} else if widths, fit := t.widths(p.Width); fit {
		t.align(&b, widths, p.Width)
	} else {
		t.list(&b, p.Width)
	}
	if _, err := fmt.Fprint(p.Out, b.String()); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// align writes the header and the rows, fitted to the widths, with their details.
func (t Table) align(b *strings.Builder, widths []int, limit int) {
	if !t.Continued {
		b.WriteString(lines(t.Columns, widths))
	}
	for i, row := range t.Rows {
		b.WriteString(lines(row, widths))
		t.detail(b, i, limit)
	}
}

// list writes each row as its first cell, with the others on lines of their own below it,
// which begin with the header of the column. A cell that is too wide for that is below its
// header. Empty cells are left out.
func (t Table) list(b *strings.Builder, limit int) {
	widest := 0
	for _, header := range t.Columns[1:] {
		widest = max(widest, runewidth.StringWidth(header))
	}
	for i, row := range t.Rows {
		b.WriteString(Plain(row[0]) + "\n")
		for j, cell := range row[1:] {
			if cell == "" {
				continue
			}
			label := gap + runewidth.FillRight(t.Columns[j+1], widest) + gap
			if widestWord(cell) > limit-runewidth.StringWidth(label) {
				b.WriteString(gap + t.Columns[j+1] + "\n")
				label = gap + gap
			}
			b.WriteString(wrap.Hang(label, Plain(cell), limit) + "\n")
		}
		t.detail(b, i, limit)
	}
}

func widestWord(text string) int {
	widest := 0
	for word := range strings.FieldsSeq(Plain(text)) {
		widest = max(widest, runewidth.StringWidth(word))
	}
	return widest
}

// detail writes the detail of a row, if rows have details.
func (t Table) detail(b *strings.Builder, row, limit int) {
	if t.Details != nil {
		b.WriteString(wrap.Hang(gap+gap, Plain(t.Details[row]), limit) + "\n")
	}
}

// widths returns the width of each column, and whether they fit the limit. If the cells
// need more, the widest columns that may be truncated shrink first, and none below 8. A
// limit of 0 is no limit.
func (t Table) widths(limit int) (widths []int, fit bool) {
	widths = make([]int, len(t.Columns))
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
			return widths, len(widths) == 1 // a single column has no better form
		}
		widths[widest]--
		total--
	}
	return widths, true
}

// lines returns a row whose cells are padded or truncated to the widths. The last cell
// continues below itself.
func lines(row []string, widths []int) string {
	last := len(row) - 1
	var first strings.Builder
	for i, cell := range row[:last] {
		cell = runewidth.Truncate(Plain(cell), widths[i], "…")
		first.WriteString(runewidth.FillRight(cell, widths[i]) + gap)
	}
	label, text := first.String(), ""
	for _, part := range wrap.Column(Plain(row[last]), widths[last]) {
		text += strings.TrimRight(label+runewidth.Truncate(part, widths[last], "…"), " ") + "\n"
		label = strings.Repeat(" ", runewidth.StringWidth(label))
	}
	return text
}
