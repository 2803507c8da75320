package terminal

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestAskRepeatsTheQuestionUntilTheAnswerIsValid(t *testing.T) {
	var out strings.Builder
	a := NewAsker(strings.NewReader("wrong\n  right  \n\n"), &out, func(err error) string { return err.Error() })
	q := Question{
		Label:   "Word",
		Default: "default",
		Check: func(_ context.Context, answer string) (string, error) {
			if answer == "wrong" {
				return "", errors.New("not this one")
			}
			return strings.ToUpper(answer), nil
		},
	}
	for _, want := range []string{"RIGHT", "DEFAULT"} {
		if got, err := a.Ask(t.Context(), q); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	want := "Word [default]: " + "  not this one\n" + "Word [default]: " + "Word [default]: "
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if _, err := a.Ask(t.Context(), q); fault.As(err).Kind != fault.Canceled {
		t.Errorf("at the end of the input: %v, want Canceled", err)
	}
}
