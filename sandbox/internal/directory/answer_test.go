package directory

import (
	"strings"
	"testing"
)

func TestAnswersMatchTheirPattern(t *testing.T) {
	const wrong, noNumber = "L does not have the required format.", "L must be a whole number."
	for _, row := range []struct{ kind, pattern, text, want string }{
		{StringType, "", "anything", ""},
		{StringType, "^.*", "anything", ""},
		{StringType, "^[A-Z]{2}[0-9]{4}$", "DK0042", ""},
		{StringType, "^[A-Z]{2}[0-9]{4}$", "DK00421", wrong},
		{StringType, "[0-9]", "without anchors, a part is enough: 1", ""},
		{StringType, "[0-9]", "none", wrong},
		{StringType, "^.{0,4}$", "\U0001F600\U0001F600", ""},
		{StringType, "^.{0,4}$", "\U0001F600\U0001F600é", wrong},
		{StringType, "^.{0,3}$", "", ""},
		{StringType, "^(?!0).*$", "0 has a lookahead, which RE2 lacks", ""},
		{StringType, "^.{0,3}$", strings.Repeat("a", MaxAttribute+1), "L must have at most 250 characters."},
		{IntegerType, "", "42", ""},
		{IntegerType, "", "-42", noNumber},
		{IntegerType, "^-?[0-9]+$", "-42", ""},
		{IntegerType, "^-?[0-9]+$", "x", noNumber},
		{IntegerType, "^[0-9]{1,2}$", "100", wrong},
	} {
		input := Input{Label: "L", Type: TextInput, Write: true, Pattern: row.pattern}
		q := Question{Input: input, kind: row.kind, limit: MaxAttribute}
		if _, got := q.Answer([]string{row.text}); got != row.want {
			t.Errorf("%q, %q: got %q, want %q", row.pattern, row.text, got, row.want)
		}
	}
}
