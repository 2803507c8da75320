package directory

import (
	"errors"
	"strings"
)

// ErrBanned is returned for a password that is too close to a banned one.
var ErrBanned = errors.New("the new password is too close to a banned one")

// CheckNewPassword returns ErrPassword or ErrBanned unless a user of a tenant with a name may
// choose the password, at sign-up, at a reset, or for a change.
func CheckNewPassword(password, tenant string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	if isBanned(password, tenant) {
		return ErrBanned
	}
	return nil
}

// bannedWords returns the words of the sandbox's own list of banned passwords. Entra's global list
// is not public.
func bannedWords() []string {
	return []string{"password", "welcome", "qwerty", "letmein", "admin", "iloveyou", "123456", "abc123"}
}

// isBanned reports whether a password is too close to a banned one, or to the name of the tenant:
// after normalization, every banned word in it counts one point, every other character counts
// one, too, and fewer than five points are not enough (learn.microsoft.com, "Eliminate bad
// passwords using Microsoft Entra Password Protection"). The sandbox has no fuzzy matching, and
// does not compare the name of the user.
func isBanned(password, tenant string) bool {
	const enough = 5
	text := normalizePassword(password)
	points := 0
	for _, word := range append(bannedWords(), tenant) {
		word = normalizePassword(word)
		if len(word) < 4 { // shorter words do not count
			continue
		}
		points += strings.Count(text, word)
		text = strings.ReplaceAll(text, word, "")
	}
	return points+len([]rune(text)) < enough
}

// normalizePassword replaces uppercase letters and the common substitutions of characters.
func normalizePassword(password string) string {
	return strings.NewReplacer("0", "o", "1", "l", "$", "s", "@", "a").Replace(strings.ToLower(password))
}
