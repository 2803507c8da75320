package sts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// entraError is an error as Entra reports it to a client or on an error page.
type entraError struct {
	code   errorCode
	oauth  string // the OAuth error code, such as "invalid_grant"
	text   string
	claims string // the claims request that satisfies the policy, if one was not satisfied
	reason string // the cause in words, for the audit; empty if text is exact enough
}

// newError returns the error with a code. The arguments fill in the values that its
// description names.
func newError(code errorCode, args ...any) *entraError {
	d := code.definition()
	e := &entraError{code: code, oauth: d.oauth, text: d.description}
	if len(args) > 0 {
		e.text = fmt.Sprintf(d.description, args...)
	}
	return e
}

// because sets the cause that the audit shows, which may be more exact than what Entra tells
// the client. It must not contain a secret. The arguments are those of fmt.Sprintf.
func (e *entraError) because(reason string, args ...any) *entraError {
	e.reason = fmt.Sprintf(reason, args...)
	return e
}

// refuse records the error in the audit and in the log, and returns the trace of the request.
func (s *STS) refuse(r *http.Request, e *entraError) trace {
	t := s.newTrace(r)
	record := audit.From(r.Context())
	record.Correlate(t.correlationID)
	record.Refused(e.Error(), "%s", cmp.Or(e.reason, e.text))
	s.Log.Info("reject request", "path", r.URL.Path, "code", int(e.code), "correlation", t.correlationID)
	return t
}

// unsupportedPrompt returns the error for a prompt that is not one of the values.
func unsupportedPrompt() *entraError {
	e := newError(aadstsRequestInvalid, "")
	e.text = "Unsupported 'prompt' value."
	return e
}

// unknownClient returns the error for a client ID that no app has.
func (s *STS) unknownClient(id string) *entraError {
	if !IsGUID(id) {
		return newError(aadstsNotAppID, id)
	}
	return newError(aadstsClientNotFound, id, s.tenant().id)
}

// Error returns the code, such as "AADSTS50076".
func (e *entraError) Error() string { return "AADSTS" + strconv.Itoa(int(e.code)) }

// description returns error_description in the documented format, with line breaks. Some newer
// responses have spaces instead.
func (e *entraError) description(t trace) string {
	return fmt.Sprintf("%s: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		e, e.text, t.id, t.correlationID, t.timestamp)
}

// uri returns error_uri, a page that explains the error. Errors that the page does not know
// have none.
func (e *entraError) uri() string {
	switch e.code {
	case aadstsGrantTypeUnsupported, aadstsNotAppID:
		return ""
	}
	return "https://login.microsoftonline.com/error?code=" + strconv.Itoa(int(e.code))
}

// trace holds what Entra adds to every error so that support can find the request.
type trace struct{ id, correlationID, timestamp string }

// newTrace returns the trace of a request. It takes the correlation ID of the client, if
// that is a GUID.
func (s *STS) newTrace(r *http.Request) trace {
	correlationID := r.Header.Get("client-request-id")
	if !IsGUID(correlationID) {
		correlationID = directory.NewID()
	}
	return trace{
		id:            requestID(r),
		correlationID: correlationID,
		timestamp:     s.Now().UTC().Format("2006-01-02 15:04:05Z"),
	}
}

// errorResponse is the error response of the token endpoint (learn.microsoft.com, OAuth 2.0
// authorization code flow, "Error response").
type errorResponse struct {
	Error         string      `json:"error"`
	Description   string      `json:"error_description"`
	Codes         []errorCode `json:"error_codes"`
	Timestamp     string      `json:"timestamp"`
	TraceID       string      `json:"trace_id"`
	CorrelationID string      `json:"correlation_id"`
	URI           string      `json:"error_uri,omitempty"`
	Suberror      string      `json:"suberror,omitempty"`
	Claims        string      `json:"claims,omitempty"`
}

// writeError sends the error as JSON.
func (s *STS) writeError(w http.ResponseWriter, r *http.Request, e *entraError) {
	t := s.refuse(r, e)
	writeJSON(w, e.code.status(), errorResponse{
		Error:         e.oauth,
		Description:   e.description(t),
		Codes:         []errorCode{e.code},
		Timestamp:     t.timestamp,
		TraceID:       t.id,
		CorrelationID: t.correlationID,
		URI:           e.uri(),
		Suberror:      e.code.suberror(),
		Claims:        e.claims,
	})
}

func (s *STS) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.writeError(w, r, newError(aadstsMethodNotAllowed, r.Method))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // fails only if the client has disconnected
}

// IsGUID reports whether text is a GUID in its usual form, with hyphens and without braces.
func IsGUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }
