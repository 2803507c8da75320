package terminal_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/terminal"
)

// choices returns a form with one field of each kind of choice.
func choices() terminal.Form {
	diet := []terminal.Option{{Value: "vegan", Label: "Vegan"}, {Value: "any", Label: "Everything"}}
	interests := []terminal.Option{
		{Value: "music", Label: "Music"}, {Value: "books", Label: "Books"}, {Value: "art", Label: "Art"},
	}
	yesNo := []terminal.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
	return terminal.Form{Title: "Your profile", Pages: terminal.Pages([]terminal.Field{
		{Name: "newsletter", Label: "Newsletter", Value: "false", Options: yesNo},
		{Name: "member", Label: "Member", Options: yesNo},
		{Name: "diet", Label: "Diet", Value: "any", Options: diet, Clearable: true},
		{Name: "foreign", Label: "Foreign", Value: "meat", Options: diet},
		{Name: "interests", Label: "Interests", Value: "music,sport", Options: interests, Several: true},
	})}
}

func TestEditKeepsTheChoicesThatTheUserPasses(t *testing.T) {
	want := map[string]string{
		"newsletter": "false", "member": "", "diet": "any", "foreign": "meat", "interests": "music,sport",
	}
	for name, c := range map[string]terminal.Capabilities{"screen": {}, "lines": {Accessible: true}} {
		in := strings.NewReader("\r\r\r\r\r")
		if c.Accessible {
			in = strings.NewReader("\n\n\n\n\n")
		}
		got, err := terminal.Edit(t.Context(), in, io.Discard, c, choices())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestEditReturnsWhatTheUserChooses(t *testing.T) {
	const down, right = "\x1b[B", "\x1b[C"
	want := map[string]string{
		"newsletter": "true", "member": "true", "diet": "", "foreign": "vegan", "interests": "books",
	}
	for name, c := range map[string]struct {
		terminal.Capabilities
		in string
	}{
		"screen": {
			terminal.Capabilities{},
			right + "\r" + down + "\r" + "g\r" + "g\r" + " " + down + " " + down + down + " \r",
		},
		"lines": {terminal.Capabilities{Accessible: true}, "yes\n1\nclear\nVegan\n7\n2\n"},
	} {
		got, err := terminal.Edit(t.Context(), strings.NewReader(c.in), io.Discard, c.Capabilities, choices())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestEditAsksForChoicesLineByLine(t *testing.T) {
	var out strings.Builder
	in := strings.NewReader("\n\n\n\n\n")
	if _, err := terminal.Edit(t.Context(), in, &out, terminal.Capabilities{Accessible: true}, choices()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Member (no value): 1 Yes, 2 No: ",
		"Interests (now Music, sport): 1 Music, 2 Books, 3 Art; several with commas: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestPagesFitAScreen(t *testing.T) {
	var texts []terminal.Field
	for range 10 {
		texts = append(texts, terminal.Field{Label: "Text"})
	}
	if got := terminal.Pages(texts); len(got) != 2 || len(got[0]) != 5 || len(got[1]) != 5 {
		t.Errorf("ten lines of text are on %d pages", len(got))
	}
	if got := choices().Pages; len(got) != 2 {
		t.Errorf("the choices are on %d pages", len(got))
	}
}
