package terminal_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

func profileForm() terminal.Form {
	required := func(value string) error {
		if value == "" {
			return errors.New("Display name is empty")
		}
		return nil
	}
	return terminal.Form{Title: "Your profile", Note: "Sign-in address: ada@contoso.example", Pages: [][]terminal.Field{
		{
			{Name: "displayName", Label: "Display name", Value: "Ada", Check: required},
			{Name: "city", Label: "City", Value: "Bern"},
		},
		{{Name: "state", Label: "State"}},
	}}
}

func TestAccessibleFormKeepsClearsAndChanges(t *testing.T) {
	var out strings.Builder
	in := strings.NewReader("clear\n\nclear\nBE\nnext question\n")
	got, err := terminal.Edit(t.Context(), in, &out, terminal.Capabilities{Accessible: true}, profileForm())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, map[string]string{"displayName": "Ada", "city": "", "state": "BE"}); d != "" {
		t.Error(d)
	}
	want := `Your profile
Sign-in address: ada@contoso.example
Enter keeps the current value, "clear" removes it, and Ctrl-C cancels.
Display name (now Ada): Display name is empty
Display name (now Ada): City (now Bern): State (no value): `
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "next question\n" {
		t.Errorf("the form took %q from the next question", rest)
	}
}

func TestAccessibleQuestionsEndWithTheInput(t *testing.T) {
	c := terminal.Capabilities{Accessible: true}
	_, err := terminal.Edit(t.Context(), strings.NewReader("Ada\n"), io.Discard, c, profileForm())
	if fault.As(err).Kind != fault.Canceled {
		t.Errorf("form: got %v", err)
	}
	for _, in := range []string{"", "maybe\n\n"} {
		_, err := terminal.Confirm(t.Context(), strings.NewReader(in), io.Discard, c, "Send?")
		if fault.As(err).Kind != fault.Canceled {
			t.Errorf("confirmation of %q: got %v", in, err)
		}
	}
	for in, want := range map[string]bool{"y\n": true, "\nYES\n": true, "no\n": false} {
		got, err := terminal.Confirm(t.Context(), strings.NewReader(in), io.Discard, c, "Send?")
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

func TestAccessibleQuestionsAcceptNoLineOfAFailedRead(t *testing.T) {
	in := io.MultiReader(strings.NewReader("y"), iotest.ErrReader(errors.New("hung up")))
	got, err := terminal.Confirm(t.Context(), in, io.Discard, terminal.Capabilities{Accessible: true}, "Send?")
	if got || fault.As(err).Kind != fault.Canceled {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAccessibleQuestionsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, typing := io.Pipe()
		defer typing.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := terminal.Edit(ctx, in, io.Discard, terminal.Capabilities{Accessible: true}, profileForm())
			done <- err
		}()
		synctest.Wait() // the form waits for a line
		cancel()
		if err := <-done; fault.As(err).Kind != fault.Canceled {
			t.Errorf("got %v", err)
		}
	})
}
