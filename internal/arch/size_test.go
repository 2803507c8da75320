package arch

import (
	"cmp"
	"go/ast"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// size is the number of lines of a function or a file.
type size struct {
	name  string
	lines int
}

func TestFunctionsAreShort(t *testing.T) {
	var functions []size
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				functions = append(functions, size{s.at(fn) + " " + fn.Name.Name, s.lines(fn)})
			}
		}
	}
	checkSizes(t, functions, limits{median: 12, p90: 30, longest: 60})
}

func TestFilesAreShort(t *testing.T) {
	var files []size
	for _, s := range sources(t) {
		files = append(files, size{s.name, s.fset.File(s.file.Pos()).LineCount()})
	}
	checkSizes(t, files, limits{median: 120, p90: 250, longest: 330})
}

func TestTestFilesAreShort(t *testing.T) {
	const limit = 400
	for name, text := range textFiles(t, "_test.go") {
		if lines := strings.Count(text, "\n"); lines > limit {
			t.Errorf("%s has %d lines; the limit is %d", name, lines, limit)
		}
	}
}

// TestLinesAreNarrow checks every Go file, tests included. A tab counts as four
// columns; a line with a URL may be wider.
func TestLinesAreNarrow(t *testing.T) {
	const limit, tab = 120, "    "
	for name, text := range textFiles(t, ".go") {
		for i, line := range strings.Split(text, "\n") {
			width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", tab))
			if width > limit && !strings.Contains(line, "://") {
				t.Errorf("%s:%d is %d columns wide; the limit is %d", name, i+1, width, limit)
			}
		}
	}
}

// limits are numbers of lines: of the median, of the 90th percentile, of any.
type limits struct{ median, p90, longest int }

func checkSizes(t *testing.T, sizes []size, limit limits) {
	t.Helper()
	slices.SortFunc(sizes, func(a, b size) int { return cmp.Compare(a.lines, b.lines) })
	median, p90 := sizes[len(sizes)/2].lines, sizes[len(sizes)*9/10].lines
	t.Logf("%d: median %d lines, 90th percentile %d", len(sizes), median, p90)
	if median > limit.median || p90 > limit.p90 {
		t.Errorf("the limits are %d for the median, %d for the 90th percentile", limit.median, limit.p90)
	}
	for _, s := range sizes {
		if s.lines > limit.longest {
			t.Errorf("%s has %d lines; the limit is %d", s.name, s.lines, limit.longest)
		}
	}
}
