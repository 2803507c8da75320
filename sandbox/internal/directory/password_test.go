package directory_test

import (
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const iterations = 1000 // few, to keep the tests fast

func TestMatchesAcceptsThePasswordOfTheHash(t *testing.T) {
	hash, err := directory.Hash("A good password", iterations)
	if err != nil {
		t.Fatal(err)
	}
	if !directory.Matches("A good password", hash, iterations) {
		t.Error("the password does not match")
	}
	if directory.Matches("Another password", hash, iterations) {
		t.Error("another password matches")
	}
}

func TestMatchesRejectsMalformedHashes(t *testing.T) {
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, hash := range map[string]string{
		"no hash":            "",
		"another algorithm":  "md5$1000$" + salt + "$" + key,
		"a part missing":     "pbkdf2-sha256$1000$" + key,
		"no iterations":      "pbkdf2-sha256$0$" + salt + "$" + key,
		"invalid iterations": "pbkdf2-sha256$many$" + salt + "$" + key,
		"an invalid salt":    "pbkdf2-sha256$1000$?$" + key,
		"an invalid key":     "pbkdf2-sha256$1000$" + salt + "$?",
		"a short key":        "pbkdf2-sha256$1000$" + salt + "$AAAA",
	} {
		if directory.Matches("", hash, iterations) {
			t.Errorf("%s: the empty password matches", name)
		}
	}
}

func TestCheckPasswordFollowsTheDocumentedRule(t *testing.T) {
	for password, valid := range map[string]bool{
		"Passw0rd":                        true,
		"passw0rd!":                       true,
		"PASSW0RD!":                       true,
		"Correct horse battery":           true, // a blank is a symbol
		"Passw0r":                         false,
		"passw0rd":                        false,
		"correct horse":                   false,
		"12345678":                        false,
		"":                                false,
		"Pässwörter1":                     true,
		"ÄÖÜäöü12":                        false, // letters outside A to Z count for no kind
		"Aa1" + strings.Repeat("ü", 253):  true,  // characters are counted, not bytes
		"Aa1" + strings.Repeat("x", 254):  false,
		"Aa1" + strings.Repeat("x", 1000): false,
	} {
		if err := directory.CheckPassword(password); (err == nil) != valid {
			t.Errorf("%q: got %v", password, err)
		}
	}
}
