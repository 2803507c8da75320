package directory_test

import (
	"testing"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const iterations = 1000 // few, to keep the tests fast

func TestMatchesAcceptsThePasswordOfTheHash(t *testing.T) {
	hash, err := directory.Hash("a good password", iterations)
	if err != nil {
		t.Fatal(err)
	}
	if !directory.Matches("a good password", hash, iterations) {
		t.Error("the password does not match")
	}
	if directory.Matches("another password", hash, iterations) {
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
