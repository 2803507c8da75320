package nearest_test

import (
	"testing"

	"github.com/profilectl/profilectl/internal/nearest"
)

func TestToFindsTheIntendedName(t *testing.T) {
	known := []string{"displayName", "display-name", "city", "country", "state", "jq"}
	for typed, want := range map[string]string{
		"displayname": "displayName",
		"dispayName":  "displayName",
		"ctiy":        "city",
		"City":        "city",
		"countri":     "country",
		"shoeSize":    "",
		"éàü":         "",
		"":            "",
		"l":           "",
	} {
		if got := nearest.To(typed, known); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}
