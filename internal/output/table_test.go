package output_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/profilectl/profilectl/internal/output"
)

// onTerminal returns a table as a terminal with that width shows it.
func onTerminal(t *testing.T, width int, table output.Table) string {
	t.Helper()
	var b bytes.Buffer
	p := output.Printer{Out: &b, Format: output.FormatTable, TTY: true, Width: width}
	if err := p.Print(nil, table); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableFitsTheTerminal(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	apps := output.Table{
		Columns: []string{"NAME", "CLIENT ID", "REDIRECT URIS", "APP ID URI"},
		Rows: [][]string{
			{"A rather long name", id, "http://localhost:3000/auth http://localhost:3000/callback", ""},
			{"Mid-tier", id, "", "api://" + id},
		},
		Whole: []string{"CLIENT ID", "REDIRECT URIS"},
	}
	history := output.Table{
		Columns: []string{"FIELD", "BEFORE", "AFTER"},
		Rows:    [][]string{{"city", "Copenhagen in Denmark", "Llanfairpwllgwyngyll in Wales"}},
	}
	audit := output.Table{
		Columns: []string{"TIME", "USER"},
		Rows:    [][]string{{"12:00:00", "casey@contoso.example"}},
		Details: []string{"the policy requires a second factor for this API"},
	}
	for _, c := range []struct {
		name  string
		width int
		table output.Table
		want  string
	}{
		{
			"a column that must stay whole next to one that is truncated", 56,
			output.Table{
				Columns: []string{"NAME", "CLIENT ID", "ON"},
				Rows:    [][]string{{"A rather long name", id, "yes"}},
				Whole:   []string{"CLIENT ID"},
			},
			"NAME           CLIENT ID                             ON\n" +
				"A rather lon…  " + id + "  yes\n",
		},
		{
			"cells on lines of their own", 60, apps,
			"A rather long name\n" +
				"  CLIENT ID      " + id + "\n" +
				"  REDIRECT URIS  http://localhost:3000/auth\n" +
				"                 http://localhost:3000/callback\n" +
				"Mid-tier\n" +
				"  CLIENT ID      " + id + "\n" +
				"  APP ID URI     api://" + id + "\n",
		},
		{
			"cells below their headers", 46, apps,
			"A rather long name\n" +
				"  CLIENT ID\n" +
				"    " + id + "\n" +
				"  REDIRECT URIS\n" +
				"    http://localhost:3000/auth\n" +
				"    http://localhost:3000/callback\n" +
				"Mid-tier\n" +
				"  CLIENT ID\n" +
				"    " + id + "\n" +
				"  APP ID URI\n" +
				"    api://" + id + "\n",
		},
		{
			"a last column that continues below itself", 36, history,
			"FIELD  BEFORE         AFTER\n" +
				"city   Copenhagen i…  Llanfairpwllg…\n" +
				"                      in Wales\n",
		},
		{
			"details", 40, audit,
			"TIME      USER\n" +
				"12:00:00  casey@contoso.example\n" +
				"    the policy requires a second factor\n" +
				"    for this API\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := onTerminal(t, c.width, c.table)
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for line := range strings.Lines(got) {
				if runewidth.StringWidth(strings.TrimSuffix(line, "\n")) > c.width {
					t.Errorf("a line is wider than %d: %s", c.width, line)
				}
			}
		})
	}
}

func TestTableKeepsWholeColumns(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	got := onTerminal(t, 20, output.Table{
		Columns: []string{"NAME", "CLIENT ID"},
		Rows:    [][]string{{"a name", id}},
		Whole:   []string{"CLIENT ID"},
	})
	if !strings.Contains(got, id) {
		t.Errorf("got\n%s", got)
	}
}
