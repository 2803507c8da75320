// Package problem is the error of the HTTP hop between a client and the
// mid-tier: an RFC 9457 problem document on the wire, a fault on both sides.
// The mid-tier writes one for every refusal; the client turns it back into a
// fault of the same kind, so that whoever calls it need not know HTTP.
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

// MediaType is the content type of a problem document.
const MediaType = "application/problem+json"

// maxDocument bounds what is read of a foreign document.
const maxDocument = 64 << 10

// Document is the problem document. Detail is meant for people and holds
// nothing of the request's values.
type Document struct {
	Type          string `json:"type"`
	Title         string `json:"title"`
	Status        int    `json:"status"`
	Detail        string `json:"detail"`
	Fix           string `json:"fix,omitempty"`
	CorrelationID string `json:"correlationId,omitempty"`
}

// meaning is what a kind of fault is in HTTP.
type meaning struct {
	status int
	slug   string
	title  string
}

// meanings has a row for every Kind; a test holds it complete.
var meanings = map[fault.Kind]meaning{
	fault.Internal:    {http.StatusInternalServerError, "internal", "Internal error"},
	fault.Usage:       {http.StatusBadRequest, "request", "The request is wrong"},
	fault.Invalid:     {http.StatusBadRequest, "invalid-value", "A value is not valid"},
	fault.SignIn:      {http.StatusUnauthorized, "token", "The access token is not valid"},
	fault.StepUp:      {http.StatusUnauthorized, "step-up", "A stronger sign-in is needed"},
	fault.Denied:      {http.StatusForbidden, "denied", "Not allowed"},
	fault.Unavailable: {http.StatusServiceUnavailable, "unavailable", "Temporarily unavailable"},
	fault.Conflict:    {http.StatusConflict, "conflict", "Changed by somebody else"},
	fault.Canceled:    {http.StatusServiceUnavailable, "canceled", "The request was stopped"},
}

// base precedes a problem's slug. The URI is a name, not a page.
const base = "https://github.com/profilectl/profilectl/problems/"

// From makes the document of a fault. Status 0 is the kind's own.
func From(f *fault.Error, status int, correlationID string) Document {
	m := meanings[f.Kind]
	if status == 0 {
		status = m.status
	}
	return Document{Type: base + m.slug, Title: m.title, Status: status, Detail: f.What, Fix: f.Fix, CorrelationID: correlationID}
}

// Write sends the document.
func (d Document) Write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("write problem: %w", err)
	}
	return nil
}

// Read turns an answer that is no success into a fault. Where the body is no
// problem document, the status decides; host names who answered.
func Read(res *http.Response, host string) *fault.Error {
	var d Document
	known := json.NewDecoder(io.LimitReader(res.Body, maxDocument)).Decode(&d) == nil && strings.HasPrefix(d.Type, base)
	if known {
		for kind, m := range meanings {
			if d.Type == base+m.slug {
				return &fault.Error{Kind: kind, What: clean(d.Detail), Fix: advice(kind, clean(d.Fix)), CorrelationID: fault.CorrelationID(d.CorrelationID)}
			}
		}
	}
	f := &fault.Error{Kind: fault.Denied, What: fmt.Sprintf("%s answered with HTTP status %d", host, res.StatusCode), Fix: "check that the address is the mid-tier's", CorrelationID: fault.CorrelationID(d.CorrelationID)}
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		f.Kind, f.Fix = fault.SignIn, advice(fault.SignIn, "")
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= http.StatusInternalServerError:
		f.Kind, f.Fix = fault.Unavailable, advice(fault.Unavailable, "")
	case res.StatusCode == http.StatusBadRequest, res.StatusCode == http.StatusUnprocessableEntity:
		f.Kind, f.Fix = fault.Invalid, "check the values"
	}
	return f
}

// advice makes sure that a fault says what to do next.
func advice(kind fault.Kind, fix string) string {
	switch {
	case fix != "":
		return fix
	case kind == fault.SignIn:
		return "run `profilectl login`"
	case kind == fault.Unavailable, kind == fault.Canceled:
		return "try again in a minute"
	}
	return "ask whoever runs the mid-tier, and give the correlation id"
}

// clean keeps foreign text short and harmless to a terminal.
func clean(s string) string {
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
