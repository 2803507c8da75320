// Package explain finds error codes of Entra and Microsoft Graph in a text, such as a
// log or a page that a user pasted, and explains them. The explanations come from the
// tables of packages aadsts and graph, which word every error of this program.
package explain

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
)

// Pages of Microsoft about errors that have no page of their own.
const (
	oauthPage = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
	graphPage = "https://learn.microsoft.com/graph/errors"
)

// Entry explains one code.
type Entry struct {
	Code string // such as AADSTS50076, Request_BadRequest or invalid_grant
	// Fault has the meaning and the remedy. It is nil if the code is unknown.
	Fault *fault.Error
	Cause string // the most likely cause; empty if the code is unknown
	Link  string // Microsoft's page
}

// All returns an entry for every known code: those of Entra in ascending order, then
// those of Graph and of OAuth in alphabetical order.
func All() []Entry {
	var all []Entry
	for _, code := range aadsts.Codes() {
		all = append(all, entraEntry(code))
	}
	for _, code := range graph.Codes() {
		e, _ := graphEntry(code)
		all = append(all, e)
	}
	for _, code := range aadsts.OAuthErrors() {
		e, _ := oauthEntry(code)
		all = append(all, e)
	}
	return all
}

// Find returns an entry for each code in a text, in the order of the text. A number
// is a code if it follows AADSTS, or code= as in the address of Microsoft's page, or
// if it is in error_codes, or if the text has nothing else. A response of the token
// endpoint has an OAuth error too; it is left out if the text has a number.
func Find(text string) []Entry {
	if code, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && isEntra(code) {
		return []Entry{entraEntry(code)}
	}
	found := numbers(text)
	for _, word := range words(text) {
		if e, ok := graphEntry(word); ok {
			found = add(found, e)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, word := range words(text) {
		if e, ok := oauthEntry(word); ok {
			found = add(found, e)
		}
	}
	return found
}

// numbers returns an entry for each AADSTS number in a text.
func numbers(text string) (found []Entry) {
	pattern := regexp.MustCompile(`(?i)(?:AADSTS[ :]?|[?&]code=|"?error_codes"?\s*[:=]\s*\[)(\d{5,8})\b`)
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		code, _ := strconv.Atoi(match[1]) // always valid: eight digits at most
		found = add(found, entraEntry(code))
	}
	return found
}

// words returns the words of a text that may be codes.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && r != '_'
	})
}

func add(entries []Entry, e Entry) []Entry {
	if slices.ContainsFunc(entries, func(known Entry) bool { return known.Code == e.Code }) {
		return entries
	}
	return append(entries, e)
}

// isEntra reports whether a number can be an AADSTS code: they have five to eight
// digits.
func isEntra(code int) bool { return code >= 1e4 && code < 1e8 }

func entraEntry(code int) Entry {
	e, _ := aadsts.Explain(code)
	return Entry{Code: "AADSTS" + strconv.Itoa(code), Fault: e.Fault, Cause: e.Cause, Link: aadsts.Page(code)}
}

func graphEntry(code string) (Entry, bool) {
	e, known := graph.Explain(code)
	return Entry{Code: e.Code, Fault: e.Fault, Cause: e.Cause, Link: graphPage}, known
}

func oauthEntry(code string) (Entry, bool) {
	e, known := aadsts.ExplainOAuth(code)
	return Entry{Code: code, Fault: e.Fault, Cause: e.Cause, Link: oauthPage}, known
}
