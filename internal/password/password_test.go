package password_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/password"
)

func body(current, next string) string {
	return fmt.Sprintf(`{"currentPassword":"%s","newPassword":"%s"}`, current, next)
}

func TestParseRejectsWhatIsNotTwoPasswords(t *testing.T) {
	long := strings.Repeat("ä", 257)
	for _, row := range []struct {
		name, body string
		kind       fault.Kind
	}{
		{"nothing", ``, fault.Usage},
		{"null", `null`, fault.Usage},
		{"a list", `["Old-Secret","New-Secret"]`, fault.Usage},
		{"no new one", `{"currentPassword":"Old-Secret"}`, fault.Usage},
		{"another member", `{"currentPassword":"Old-Secret","newPassword":"New-Secret","userId":"x"}`, fault.Usage},
		{"another case", `{"currentPassword":"Old-Secret","NewPassword":"New-Secret"}`, fault.Usage},
		{"duplicates", `{"currentPassword":"Old-Secret","newPassword":"a","newPassword":"New-Secret"}`, fault.Usage},
		{"a number", `{"currentPassword":"Old-Secret","newPassword":12345678}`, fault.Usage},
		{"an object", `{"currentPassword":"Old-Secret","newPassword":{"a":1}}`, fault.Usage},
		{"null for a password", `{"currentPassword":null,"newPassword":"New-Secret"}`, fault.Usage},
		{"two objects", body("Old-Secret", "New-Secret") + "{}", fault.Usage},
		{"cut off", `{"currentPassword":"Old-Secret","newPassword":"New-Secret"`, fault.Usage},
		{"invalid UTF-8", body("Old-Secret", "New-Secret\xff"), fault.Usage},
		{"half a surrogate pair", body("Old-Secret", `New-Secret\ud83d`), fault.Invalid},
		{"NUL", body("Old-Secret", `New-Secret\u0000`), fault.Invalid},
		{"a line feed", body("Old-Secret", `New-Secret\n`), fault.Invalid},
		{"C1", body("Old-Secret", `New-Secret\u0085`), fault.Invalid},
		{"DEL", body(`Old-Secret\u007f`, "New-Secret"), fault.Invalid},
		{"an empty one", body("", "New-Secret"), fault.Invalid},
		{"257 characters", body("Old-Secret", long), fault.Invalid},
		{"the same", body("Old-Secret", "Old-Secret"), fault.Invalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := password.Parse([]byte(row.body))
			f := fault.As(err)
			if err == nil || f.Kind != row.kind || f.Advice() == "" {
				t.Fatalf("got %v", err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, f, f); strings.Contains(text, "Secret") {
				t.Errorf("the error contains a password: %s", text)
			}
		})
	}
}

func TestParseKeepsPasswordsAsTheyAre(t *testing.T) {
	for _, text := range []string{
		" spaces at the ends ", "ünïcödé", "😀 and more", strings.Repeat("😀", 256), "<&>", `a\"b\\c`,
	} {
		c, err := password.Parse([]byte(body("Old-Secret", text)))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		raw, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := password.Parse(raw); err != nil || again != c {
			t.Errorf("%q: changed on the way: %v", text, err)
		}
	}
}

func TestChangePrintsNoPassword(t *testing.T) {
	c := password.Change{Current: "Old-Secret", New: "New-Secret"}
	if text := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, &c); strings.Contains(text, "Secret") {
		t.Errorf("got %s", text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(body("Old-Secret", "New-Secret"))
	f.Add(`{"currentPassword":"a","newPassword":"\ud800"}`)
	f.Add(`{"newPassword":"b","currentPassword":"a","x":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := password.Parse([]byte(text))
		if err != nil {
			return
		}
		raw, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := password.Parse(raw); err != nil || again != c {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
