package directory

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// PasswordRule is the rule for passwords, for people.
const PasswordRule = "8 to 256 characters, with three of these: " +
	"uppercase letters, lowercase letters, numbers, symbols"

// ErrPassword is returned for a password that breaks the rule.
var ErrPassword = errors.New("the password must have " + PasswordRule)

// CheckPassword returns ErrPassword unless Entra accepts a password that is not banned: it has 8 to
// 256 characters, and three of the four kinds (learn.microsoft.com, "Combined password policy and
// check for weak passwords in Microsoft Entra ID"). External tenants also accept other characters
// than those of the four kinds. That those count for no kind is inferred. See CheckNewPassword.
func CheckPassword(password string) error {
	const (
		upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		lower   = "abcdefghijklmnopqrstuvwxyz"
		digits  = "0123456789"
		symbols = "@#$%^&*-_!+=[]{}|\\:',.?/`~\"();<> "
	)
	kinds := 0
	for _, kind := range []string{upper, lower, digits, symbols} {
		if strings.ContainsAny(password, kind) {
			kinds++
		}
	}
	length := utf8.RuneCountInString(password)
	if length < 8 || length > 256 || kinds < 3 {
		return ErrPassword
	}
	return nil
}
