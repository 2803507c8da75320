// Package password represents a change of a user's own password, between the client, the
// mid-tier and Microsoft Graph. Its errors never contain a password, and a Change never
// prints one.
package password

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/internal/fault"
)

// Rule is the rule for new passwords, for users (learn.microsoft.com, "Combined password
// policy and check for weak passwords in Microsoft Entra ID").
const Rule = "8 to 256 characters, with three of these: uppercase letters, lowercase letters, " +
	"numbers, symbols; no common password, and not the last one"

// The names of the members in JSON, for the mid-tier and for Graph's changePassword.
const (
	currentName = "currentPassword"
	newName     = "newPassword"
)

// Change is a change of a password.
type Change struct {
	Current string
	New     string
}

// String hides the passwords from logs and errors (fmt.Stringer).
func (Change) String() string { return "(passwords)" }

// GoString hides the passwords (fmt.GoStringer).
func (c Change) GoString() string { return c.String() }

// JSON returns the body of a request to the mid-tier or to Graph.
func (c Change) JSON() ([]byte, error) {
	raw, err := json.Marshal(map[string]string{currentName: c.Current, newName: c.New})
	if err != nil {
		return nil, fmt.Errorf("write passwords: %w", err)
	}
	return raw, nil
}

// Parse reads a body: an object with the two members and no other, each once, and both texts.
// It fails with a Usage fault for any other body, and with the fault of Check.
func Parse(body []byte) (Change, error) {
	if !utf8.Valid(body) {
		return Change{}, malformed("the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return Change{}, malformed("the body is not a JSON object")
	}
	var c Change
	missing := map[string]*string{currentName: &c.Current, newName: &c.New}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Change{}, malformed("the body is not a JSON object")
		}
		target := missing[name.(string)] // the decoder returns nothing else before a value
		if target == nil {
			return Change{}, malformed("the body has another member, or one of the two twice")
		}
		value, err := d.Token()
		text, ok := value.(string)
		if err != nil || !ok {
			return Change{}, malformed("the passwords are not texts")
		}
		*target = text
		delete(missing, name.(string))
	}
	_, endErr := d.Token()
	if _, err := d.Token(); endErr != nil || !errors.Is(err, io.EOF) {
		return Change{}, malformed("the body is not a JSON object")
	}
	if len(missing) > 0 {
		return Change{}, malformed("the body lacks one of the two members")
	}
	return c, c.Check()
}

func malformed(what string) error {
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  `send {"currentPassword": "…", "newPassword": "…"}`,
	}
}

// Check returns an Invalid fault if Graph would certainly refuse the change, or if a password
// has characters that no user types. The other rules are the tenant's.
func (c Change) Check() error {
	const maxLength = 256 // characters
	invalid := func(what, fix string) error { return &fault.Error{Kind: fault.Invalid, What: what, Fix: fix} }
	for _, p := range []struct{ name, text string }{{"current", c.Current}, {"new", c.New}} {
		switch {
		case p.text == "":
			return invalid("the "+p.name+" password is empty", "give both passwords")
		case utf8.RuneCountInString(p.text) > maxLength:
			return invalid("the "+p.name+" password is longer than 256 characters", "shorten it")
		case !utf8.ValidString(p.text) || strings.ContainsFunc(p.text, unusable):
			return invalid("the "+p.name+" password contains a control character, or one that is not valid",
				"type it instead of pasting it")
		}
	}
	if c.New == c.Current {
		return invalid("the new password is the current one", "choose another password")
	}
	return nil
}

// unusable reports whether a character is a control character, or stands for text that was not
// valid: half of a surrogate pair becomes U+FFFD when JSON is decoded.
func unusable(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
