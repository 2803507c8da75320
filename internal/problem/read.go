package problem

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	"github.com/profilectl/profilectl/internal/fault"
)

// maxDocument limits the size in bytes of a document that is read.
const maxDocument = 64 << 10

// Read turns an unsuccessful response into a fault. If the body is not a problem
// document of a mid-tier, the status decides; server is the subject of the message.
func Read(res *http.Response, server string) *fault.Error {
	return Parse(res.Body).Fault(res.StatusCode, server)
}

// Parse returns the document in the body of a response, or an empty one if there is
// none.
func Parse(body io.Reader) Document {
	var d Document
	if json.NewDecoder(io.LimitReader(body, maxDocument)).Decode(&d) != nil {
		return Document{}
	}
	return d
}

// Kind returns the kind of the fault that the document was made from, and false if the
// document is not that of a mid-tier.
func (d Document) Kind() (fault.Kind, bool) {
	slug, ok := strings.CutPrefix(d.Type, base)
	if !ok {
		return fault.Internal, false
	}
	for _, kind := range fault.Kinds() {
		if meaningOf(kind).slug == slug {
			return kind, true
		}
	}
	return fault.Internal, false
}

// Fault returns the fault of a response with the document and an HTTP status.
func (d Document) Fault(status int, server string) *fault.Error {
	id := fault.CorrelationID(d.CorrelationID)
	if kind, ok := d.Kind(); ok {
		return newFault(kind, printable(d.Detail), printable(d.Fix), id)
	}
	what := fmt.Sprintf("%s answered with HTTP status %d", server, status)
	switch {
	case status == http.StatusUnauthorized:
		return newFault(fault.SignIn, what, "", id)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return newFault(fault.Unavailable, what, "", id)
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return newFault(fault.Invalid, what, "check the values", id)
	default:
		return newFault(fault.Denied, what, "check that the address is the mid-tier's", id)
	}
}

// newFault returns a fault. If fix is empty, the kind decides what to do next.
func newFault(kind fault.Kind, what, fix, correlationID string) *fault.Error {
	next := fault.NoAction
	switch {
	case fix != "":
	case kind == fault.SignIn:
		next = fault.DoSignIn
	case kind == fault.Unavailable, kind == fault.Canceled:
		fix = "try again in a minute"
	default:
		fix = "contact the operator of the mid-tier and give the correlation id"
	}
	return &fault.Error{Kind: kind, What: what, Fix: fix, Next: next, CorrelationID: correlationID}
}

// printable removes control characters, which could harm a terminal, and limits the
// length.
func printable(s string) string {
	const most = 1000
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}
