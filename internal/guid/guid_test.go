package guid_test

import (
	"testing"

	"github.com/profilectl/profilectl/internal/guid"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"aaaabbbb-0000-4ccc-1111-dddd2222eeee":          true,
		"AAAABBBB-0000-4CCC-1111-DDDD2222EEEE":          true,
		"00000000-0000-0000-0000-000000000000":          true,
		"":                                              false,
		"aaaabbbb00004ccc1111dddd2222eeee":              false,
		"{aaaabbbb-0000-4ccc-1111-dddd2222eeee}":        false,
		"urn:uuid:aaaabbbb-0000-4ccc-1111-dddd2222eeee": false,
		"aaaabbbb-0000-4ccc-1111-dddd2222eeeg":          false,
		"aaaabbb-b0000-4ccc-1111-dddd2222eeee":          false,
		"aaaabbbb-0000-4ccc-1111-dddd2222eeee\n":        false,
		"contoso":                                       false,
	} {
		if got := guid.Valid(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

// TestParseReturnsWhatIsSafeInAURL: an ID is either valid or the zero value.
func TestParseReturnsWhatIsSafeInAURL(t *testing.T) {
	id, ok := guid.Parse("AAAABBBB-0000-4CCC-1111-DDDD2222EEEE")
	if !ok || id.String() != "aaaabbbb-0000-4ccc-1111-dddd2222eeee" {
		t.Errorf("got %s, %v", id, ok)
	}
	for _, s := range []string{"", "me", "..", "aaaabbbb-0000-4ccc-1111-dddd2222eeee/../x", "%2e%2e"} {
		if id, ok := guid.Parse(s); ok || id.String() != "" {
			t.Errorf("%q: got %q", s, id)
		}
	}
}
