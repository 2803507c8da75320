package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// Request describes a request that the tenant received, without its secrets.
type Request = control.Request

const (
	// maxRequests limits how many requests the tenant remembers.
	maxRequests = 10_000
	// maxText limits the bytes of each text that it remembers of a request.
	maxText = 256
)

// Requests returns the latest 10,000 requests that the tenant received, the
// oldest first.
func (t *Tenant) Requests() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.requests)
}

// record remembers a request whose response was sent through w, and adds it to the
// audit.
func (t *Tenant) record(r *http.Request, record *audit.Record, part string, w *statusRecorder) {
	t.addToAudit(r, record, part, w.status)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, Request{
		Method: bounded(r.Method),
		Path:   bounded(r.URL.Path),
		Part:   part,
		Status: w.status,
		Grant:  bounded(r.PostForm.Get("grant_type")),
	})
	if extra := len(t.requests) - maxRequests; extra > 0 {
		t.requests = t.requests[extra:]
	}
}

// bounded returns a copy of at most the first maxText bytes of a text, so that the
// rest of it can be freed.
func bounded(text string) string {
	return strings.ToValidUTF8(strings.Clone(text[:min(len(text), maxText)]), "")
}

// statusRecorder is an http.ResponseWriter that remembers the status.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers and sends the status.
func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
