package setupcmd

import (
	"testing"

	"github.com/profilectl/profilectl/internal/setup"
)

func TestDescribeBreaksLinesAtTheWidth(t *testing.T) {
	item := setup.Item{
		Action:  setup.Manual,
		Object:  "app registration of the mid-tier",
		Changes: []setup.Difference{{Property: "scopes", From: "none", To: "EditProfileService.ReadWrite"}},
		Reason:  "the administrator may not change it",
		Step:    "add the scope in the admin center",
	}
	const whole = "! manual   app registration of the mid-tier\n" +
		"             scopes: none -> EditProfileService.ReadWrite\n" +
		"             the administrator may not change it\n" +
		"             by hand: add the scope in the admin center"
	const narrow = "! manual   app registration of the\n" +
		"           mid-tier\n" +
		"             scopes: none ->\n" +
		"                     EditProfileService.ReadWrite\n" +
		"             the administrator may not\n" +
		"             change it\n" +
		"             by hand: add the scope in the\n" +
		"                      admin center"
	for width, want := range map[int]string{0: whole, 42: narrow} {
		if got := describe(item, width); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}
