package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestKindsHaveDistinctCodes(t *testing.T) {
	seen := map[string]fault.Kind{}
	for _, k := range fault.Kinds() {
		if other, dup := seen[k.String()]; dup {
			t.Errorf("kinds %d and %d share the code %q", other, k, k)
		}
		seen[k.String()] = k
	}
}

func TestAsFindsOrMakesAFault(t *testing.T) {
	denied := &fault.Error{Kind: fault.Denied, What: "no", Fix: "ask", Err: io.EOF}
	if got := fault.As(fmt.Errorf("read profile: %w", denied)); got != denied {
		t.Errorf("a wrapped fault: got %v, want the fault", got)
	}
	got := fault.As(io.EOF)
	if got.Kind != fault.Internal || !errors.Is(got, io.EOF) {
		t.Errorf("a plain error: got %v, want Internal around it", got)
	}
}

func TestErrorAdviceJoinsFixAndNext(t *testing.T) {
	for _, c := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{
			"a fix alone",
			fault.Error{Fix: "check the clock"},
			"check the clock",
		},
		{
			"an action alone",
			fault.Error{Next: fault.DoSignIn},
			"sign in again",
		},
		{
			"a fix and an action",
			fault.Error{Fix: "check the clock", Next: fault.DoSignIn},
			"check the clock, then sign in again",
		},
	} {
		if got := c.err.Advice(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, a := range fault.Actions() {
		if a.String() == "" {
			t.Errorf("action %d has no words", a)
		}
	}
}

func TestCorrelationIDRejectsUnusualIDs(t *testing.T) {
	for id, want := range map[string]string{
		"1c2d3e4f-0000-4000-8000-000000000000": "1c2d3e4f-0000-4000-8000-000000000000",
		"1234":                                 "1234",
		"<script>":                             "",
		"12 34":                                "",
		"12\n34":                               "",
		strings.Repeat("1", 65):                "",
	} {
		if got := fault.CorrelationID(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}
