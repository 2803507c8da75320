package profilecmd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
)

func TestPasswordsAreReadFromTwoLines(t *testing.T) {
	want := password.Change{Current: "Old-Secret 1", New: " New-Secret 2 "}
	for name, text := range map[string]string{
		"LF":              "Old-Secret 1\n New-Secret 2 \n",
		"no end":          "Old-Secret 1\n New-Secret 2 ",
		"CRLF":            "Old-Secret 1\r\n New-Secret 2 \r\n",
		"byte order mark": "\ufeffOld-Secret 1\n New-Secret 2 \n",
	} {
		got, err := readPasswords(t.Context(), command.Env{Stdin: strings.NewReader(text)})
		if err != nil || got != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPasswordsOfOtherFormsAreRejected(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		kind fault.Kind
	}{
		"nothing":              {"", fault.Usage},
		"one line":             {"Old-Secret\n", fault.Usage},
		"three lines":          {"Old-Secret\nNew-Secret\nNew-Secret\n", fault.Usage},
		"an empty third line":  {"Old-Secret\nNew-Secret\n\n", fault.Usage},
		"an empty first line":  {"\nNew-Secret\n", fault.Invalid},
		"an empty second line": {"Old-Secret\n\n", fault.Invalid},
		"the same":             {"Old-Secret\nOld-Secret\n", fault.Invalid},
		"NUL":                  {"Old-Secret\nNew-Secret\x00\n", fault.Invalid},
		"a single CR":          {"Old-Secret\nNew\rSecret\n", fault.Invalid},
		"invalid UTF-8":        {"Old-Secret\nNew-Secret\xff\n", fault.Invalid},
		"a surrogate":          {"Old-Secret\nNew-Secret\xed\xa0\x80\n", fault.Invalid},
		"257 characters":       {"Old-Secret\n" + strings.Repeat("é", 257) + "\n", fault.Invalid},
		"too much":             {"Old-Secret\n" + strings.Repeat("é", 9000) + "\n", fault.Usage},
	} {
		_, err := readPasswords(t.Context(), command.Env{Stdin: strings.NewReader(row.text)})
		f := fault.As(err)
		if err == nil || f.Kind != row.kind || strings.Contains(fmt.Sprint(f, f.Advice()), "Secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	longest := strings.NewReader("Old-Secret\n" + strings.Repeat("é", 256) + "\n")
	if _, err := readPasswords(t.Context(), command.Env{Stdin: longest}); err != nil {
		t.Errorf("256 characters: %v", err)
	}
}
