package directory

import "testing"

// TestBannedPasswords has the examples of Microsoft's page.
func TestBannedPasswords(t *testing.T) {
	for password, want := range map[string]bool{
		"C0ntos0Blank12":  false,
		"P@ssword1!":      true,
		"C0ntos0!1":       true,
		"Passw0rd9#Pass1": false,
		"A good password": false,
		"Sbx-ABCDEFGH":    false,
	} {
		if got := CheckNewPassword(password, "contoso"); (got != nil) != want {
			t.Errorf("%q: got %v", password, got)
		}
	}
}
