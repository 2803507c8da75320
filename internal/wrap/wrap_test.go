package wrap_test

import (
	"testing"

	"github.com/profilectl/profilectl/internal/wrap"
)

func TestMessageLeavesIndentedLines(t *testing.T) {
	const text = "Open this page to sign in:\n\n  https://contoso.ciamlogin.com/?a=b c\n\n" +
		"done\n  fix: run it again, later"
	const want = "Open this page to\nsign in:\n\n  https://contoso.ciamlogin.com/?a=b c\n\n" +
		"done\n  fix: run it again,\n       later"
	if got := wrap.Message(text, 20); got != want {
		t.Errorf("got:\n%s", got)
	}
	if got := wrap.Message(text, 0); got != text {
		t.Errorf("outside of a terminal:\n%s", got)
	}
}

func TestHangBreaksBetweenWordsButNotInCommands(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"sign in again with another account", 20, "fix: sign in again\n     with another\n     account"},
		{"run `profilectl login`, or wait", 26, "fix: run\n     `profilectl login`,\n     or wait"},
		{"a-word-that-is-too-long for it", 10, "fix: a-word-that-is-too-long\n     for\n     it"},
		{"a-path-that-is-too-long, in a row of words", 20,
			"fix: a-path-that-is-too-long, in a row\n     of words"},
		{"世界 世界", 10, "fix: 世界\n     世界"},
		{"an `unfinished command", 10, "fix: an\n     `unfinished command"},
		{"not in a pipe", 0, "fix: not in a pipe"},
		{"two\nlines", 5, "fix: two\nlines"},
		{"", 5, "fix: "},
	} {
		if got := wrap.Hang("fix: ", c.text, c.width); got != c.want {
			t.Errorf("%q in %d columns:\n%s", c.text, c.width, got)
		}
	}
}
