package terminal_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

func TestDetectReadsTheEnvironment(t *testing.T) {
	c := terminal.Detect(strings.NewReader(""), &strings.Builder{}, &strings.Builder{}, "linux",
		env("SSH_TTY", "x", "CLICOLOR_FORCE", "1", "ACCESSIBLE", "1"), false)
	if c.Interactive || c.StdoutTTY || !c.Color || !c.SSH || c.Display || !c.Accessible || c.Width != 80 {
		t.Errorf("got %+v", c)
	}
	c = terminal.Detect(nil, nil, nil, "darwin", env("NO_COLOR", "1", "CLICOLOR_FORCE", "1"), false)
	if c.Color || !c.Display {
		t.Errorf("got %+v", c)
	}
}

func TestEditAsksLineByLineInAccessibleMode(t *testing.T) {
	check := func(v string) error {
		if v == "bad" {
			return errors.New("is bad")
		}
		return nil
	}
	form := terminal.Form{Title: "Your profile", Pages: [][]terminal.Field{
		{{Name: "displayName", Label: "Display name", Value: "Casey", Check: check}},
		{{Name: "city", Label: "City", Value: "Bern"}},
	}}
	var out strings.Builder
	in := strings.NewReader("bad\nAda\n\n")
	got, err := terminal.Edit(t.Context(), in, &out, terminal.Capabilities{Accessible: true}, form)
	if err != nil || got["displayName"] != "Ada" || got["city"] != "Bern" || !strings.Contains(out.String(), "is bad") {
		t.Errorf("got %v, %v; shown: %s", got, err, out.String())
	}
}

func TestEditIsCanceledWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	form := terminal.Form{Title: "x", Pages: [][]terminal.Field{{{Name: "a", Label: "A"}}}}
	_, err := terminal.Edit(ctx, strings.NewReader(""), &strings.Builder{}, terminal.Capabilities{}, form)
	if f := fault.As(err); f.Kind != fault.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestDiffAlignsAndColorsChanges(t *testing.T) {
	rows := []terminal.Change{
		{Field: "city", Before: "Bern", After: "Zürich"},
		{Field: "displayName", Before: "(none)", After: "Ada"},
	}
	if got := terminal.Diff(rows, false); got != "  city         Bern → Zürich\n  displayName  (none) → Ada\n" {
		t.Errorf("got\n%s", got)
	}
	if got := terminal.Diff(rows, true); !strings.Contains(got, "\x1b[32mAda\x1b[0m") {
		t.Errorf("got %q", got)
	}
}
