// Package audit records the requests that a tenant received: what the tenant
// decided about each, and why, in words for the developer of the client.
//
// The handler of a request finds its Record in the request's context and adds what
// it learns. An entry never holds a secret: no tokens, codes, passwords or client
// secrets. It holds email addresses, so it is not for logs.
package audit

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilectl/profilectl/sandbox/control"
)

// Entry describes a request and its outcome.
type Entry = control.AuditEntry

const (
	maxText   = 400 // bytes of each text of an entry
	maxScopes = 20
)

// Record collects what is known about one request. The first decision counts, so
// that the handler that knows the exact reason decides before the code that sends
// the response. Only the goroutine that handles the request may use it.
type Record struct{ entry Entry }

type contextKey struct{}

// With returns a context that carries a new record.
func With(ctx context.Context) (context.Context, *Record) {
	r := &Record{}
	return context.WithValue(ctx, contextKey{}, r), r
}

// From returns the record of the request with the context. If the context carries
// none, it returns a record that nothing reads.
func From(ctx context.Context) *Record {
	if r, ok := ctx.Value(contextKey{}).(*Record); ok {
		return r
	}
	return &Record{}
}

// Client sets the app that sent the request. The name is empty if the tenant does
// not know the app.
func (r *Record) Client(id, name string) { r.entry.ClientID, r.entry.Client = clean(id), clean(name) }

// User sets the email address of the user that the request is about.
func (r *Record) User(email string) { r.entry.User = clean(email) }

// Grant sets the grant type of a request to the token endpoint.
func (r *Record) Grant(name string) { r.entry.Grant = clean(name) }

// Scopes sets the scopes that the client requested or got.
func (r *Record) Scopes(names ...string) {
	r.entry.Scopes = nil
	for _, name := range names[:min(len(names), maxScopes)] {
		r.entry.Scopes = append(r.entry.Scopes, clean(name))
	}
}

// Correlate sets the correlation ID of the request.
func (r *Record) Correlate(id string) { r.entry.CorrelationID = clean(id) }

// Issued records that tokens or a code were issued. The reason and its arguments
// are those of fmt.Sprintf: "issued an access token for …".
func (r *Record) Issued(reason string, args ...any) { r.decide(control.Issued, "", reason, args) }

// Shown records that the user got a page, and for what: "asked for …".
func (r *Record) Shown(reason string, args ...any) { r.decide(control.Shown, "", reason, args) }

// Answered records that the request was answered: "returned …", "changed …".
func (r *Record) Answered(reason string, args ...any) {
	r.decide(control.Answered, "", reason, args)
}

// Refused records an error. The code is AADSTS and a number, an error code of
// Graph, or empty. The reason names the cause: "the authorization code has expired".
func (r *Record) Refused(code, reason string, args ...any) {
	r.decide(control.Refused, code, reason, args)
}

// Failed records a failure that a test ordered. It replaces the decision of the
// handler, whose response the client does not get.
func (r *Record) Failed(reason string, args ...any) {
	r.entry.Decision, r.entry.Code = "", ""
	r.decide(control.Failed, "", reason, args)
}

func (r *Record) decide(decision control.Decision, code, reason string, args []any) {
	if r.entry.Decision != "" {
		return
	}
	if len(args) > 0 {
		reason = fmt.Sprintf(reason, args...)
	}
	r.entry.Decision, r.entry.Code, r.entry.Reason = decision, clean(code), clean(reason)
}

// Entry returns the entry of a request whose response had the status. If no handler
// decided anything, the status decides.
func (r *Record) Entry(req *http.Request, part string, status int) Entry {
	r.conclude(req.Method, status)
	e := r.entry
	e.Method, e.Path, e.Part, e.Status = clean(req.Method), clean(req.URL.Path), part, status
	return e
}

func (r *Record) conclude(method string, status int) {
	switch {
	case status == http.StatusNotFound:
		r.Refused("", "the tenant has no such address")
	case status == http.StatusMethodNotAllowed:
		r.Refused("", "the address does not support %s", clean(method))
	case status >= http.StatusBadRequest:
		r.Refused("", "the response is %d %s", status, http.StatusText(status))
	default:
		r.Answered("answered with %d %s", status, http.StatusText(status))
	}
}

// clean returns a copy of at most maxText bytes of a text, without characters that
// are invisible or control a terminal.
func clean(text string) string {
	cut := len(text) > maxText
	text = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
	if cut {
		text += "…"
	}
	return strings.Clone(text)
}
