package serve_test

import (
	"net/http"
	"strings"
	"testing"
)

const notAField = "not a field you may change"

// TestUpdateRejectsHostileAttributes sends what clients, and JavaScript above all, confuse.
func TestUpdateRejectsHostileAttributes(t *testing.T) {
	w, app, _ := newAttributesWorld(t, rate(0))
	before := w.upstreamCalls()
	one := func(name, value string) string { return `{"` + extension + name + `":` + value + `}` }
	long := func(text string, times int) string { return one("LoyaltyNumber", `"`+strings.Repeat(text, times)+`"`) }
	two := func(a, b string) string { return `{"` + extension + a + `,"` + extension + b + `}` }
	const safe, valid = "9007199254740991", `{"displayName":"x","`
	for _, c := range []struct{ name, body, detail string }{
		{"an attribute that is not in the file", one("Secret", `"x"`), notAField},
		{"an attribute of another app", strings.Replace(one("Diet", `"vegan"`), "0123", "ffff", 1), notAField},
		{"a short name", `{"Diet":"vegan"}`, notAField},
		{"another case", one("diet", `"vegan"`), notAField},
		{"a look-alike", one("D\u0456et", `"vegan"`), notAField},
		{"an escaped look-alike", one(`D\u0131et`, `"vegan"`), notAField},
		{"a name with a blank", one("Diet ", `"vegan"`), notAField},
		{"the id of another user", `{"id":"11111111-2222-4333-8444-555555555555","displayName":"x"}`, notAField},
		{"the oid of another user", `{"oid":"11111111-2222-4333-8444-555555555555","displayName":"x"}`, notAField},
		{"accountEnabled", `{"accountEnabled":false}`, notAField},
		{"a type annotation", `{"@odata.type":"#microsoft.graph.user","displayName":"x"}`, notAField},
		{"an attribute that can only be seen", one("Points", "5"), "Points cannot be changed"},
		{"clearing what cannot be cleared", one("Newsletter", "null"), "Newsletter cannot be cleared"},
		{"a boolean as text", one("Newsletter", `"true"`), "Newsletter is not a boolean"},
		{"a boolean as a number", one("Newsletter", "1"), "Newsletter is not a boolean"},
		{"a boolean as a list", one("Newsletter", "[]"), "Newsletter is not a boolean"},
		{"an integer as text", one("Children", `"2"`), "Children is not an integer"},
		{"an integer with a fraction", one("Children", "2.0"), "Children is not an integer"},
		{"an integer with an exponent", one("Children", "1e1"), "Children is not an integer"},
		{"a negative zero", one("Children", "-0"), "Children is not an integer"},
		{"an integer as a boolean", one("Children", "true"), "Children is not an integer"},
		{"a leading zero", one("Children", "02"), "the body is not one JSON object"},
		{"NaN", one("Children", "NaN"), "the body is not one JSON object"},
		{"an integer above the limit", one("Children", "21"), "Children is greater than 20"},
		{"an integer below the limit", one("Children", "-1"), "Children is less than 0"},
		{"an integer that JavaScript rounds", one("Serial", "9007199254740993"), "Serial is greater than " + safe},
		{"an integer of 65 bits", one("Serial", "9223372036854775808"), "Serial is not an integer"},
		{"a text as a number", one("LoyaltyNumber", "4711"), "LoyaltyNumber is not a string"},
		{"a text as an object", one("LoyaltyNumber", "{}"), "LoyaltyNumber is not a string"},
		{"a text of 251 characters", long("a", 251), "LoyaltyNumber has 251 characters"},
		{"a text of 126 emoji", long("\U0001F600", 126), "LoyaltyNumber has 252 characters"},
		{"a control character", one("LoyaltyNumber", `"a\u0007"`), "LoyaltyNumber contains a control"},
		{"an unpaired surrogate", one("LoyaltyNumber", `"\ud800"`), "LoyaltyNumber is not valid Unicode"},
		{"a choice that does not exist", one("Diet", `"meat"`), "Diet is not one of the choices"},
		{"a choice in another case", one("Diet", `"Vegan"`), "Diet is not one of the choices"},
		{"a choice twice", one("Interests", `"books,books"`), "Interests has a choice twice"},
		{"an empty choice", one("Interests", `"books,"`), "Interests has a value that is not one of the choices"},
		{"choices as a list", one("Interests", `["books"]`), "Interests is not a string"},
		{"a duplicate", two(`Children":1`, `Children":2`), "Children is given twice"},
		{"an escaped duplicate", two(`Children":1`, `\u0043hildren":2`), "Children is given twice"},
		{"a valid field and an invalid attribute", valid + extension + `Children":21}`, "Children is greater than 20"},
		{"a prototype", `{"__proto__":{"displayName":"x"}}`, notAField},
	} {
		res := w.post(c.body, w.strong)
		p := readProblem(t, res)
		if res.Code != http.StatusBadRequest || !strings.Contains(p.Detail, c.detail) || p.Fix == "" {
			t.Errorf("%s: got %d %+v, want %q", c.name, res.Code, p, c.detail)
		}
	}
	if calls := w.upstreamCalls() - before; calls != 0 || app.issuedTokens() != 1 || len(app.sent()) != 0 {
		t.Errorf("invalid changes led to %d calls, %d tokens and %q", calls, app.issuedTokens(), app.sent())
	}
}

// TestUpdateAcceptsTheLongestText: 250 UTF-16 code units.
func TestUpdateAcceptsTheLongestText(t *testing.T) {
	w, app, _ := newAttributesWorld(t)
	res := w.post(`{"`+extension+`LoyaltyNumber":"`+strings.Repeat("\U0001F600", 125)+`"}`, w.strong)
	if res.Code != http.StatusNoContent || len(app.sent()) != 1 {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
}
