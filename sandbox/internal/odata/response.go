package odata

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// errorTime is the format of the date in an error.
const errorTime = "2006-01-02T15:04:05"

// errorResponse is the body of an error response (learn.microsoft.com, "Microsoft
// Graph error responses and resource types").
type errorResponse struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code    string     `json:"code"`
	Message string     `json:"message"`
	Details []detail   `json:"details,omitempty"`
	Inner   InnerError `json:"innerError"`
}

type detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// InnerError is the part of an error that names the request.
type InnerError struct {
	Code            string `json:"code,omitempty"`
	Message         string `json:"message,omitempty"`
	Status          string `json:"status,omitempty"`
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

// Responder writes responses. All fields must be set.
type Responder struct {
	Now func() time.Time
	Log *slog.Logger
}

// Error sends an error.
func (out Responder) Error(w http.ResponseWriter, r *http.Request, e *Error) {
	out.Log.Info("reject request", "path", r.URL.Path, "code", e.Code)
	audit.From(r.Context()).Refused(e.Code, "%s", cmp.Or(e.Reason, e.Message))
	inner := out.SetHeaders(w, r)
	inner.Code, inner.Message, inner.Status = e.InnerCode, e.InnerMessage, e.InnerCode
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", `+
			`authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", `+
			`client_id="`+directory.GraphID+`"`)
	}
	body := errorBody{Code: e.Code, Message: e.Message, Inner: inner}
	if e.Detail != "" {
		body.Details = []detail{{e.Detail, e.Message, e.Target}}
	}
	WriteJSON(w, e.Status, "application/json", errorResponse{body})
}

// Entity sends a successful response with body as JSON.
func (out Responder) Entity(w http.ResponseWriter, r *http.Request, status int, body any) {
	out.SetHeaders(w, r)
	w.Header().Set("OData-Version", "4.0")
	WriteJSON(w, status, "application/json;odata.metadata=minimal;odata.streaming=true;"+
		"IEEE754Compatible=false;charset=utf-8", body)
}

// Nothing sends a successful response without a body.
func (out Responder) Nothing(w http.ResponseWriter, r *http.Request) {
	out.SetHeaders(w, r)
	w.Header().Set("OData-Version", "4.0")
	w.WriteHeader(http.StatusNoContent)
}

// SetHeaders sets the headers that all responses have (learn.microsoft.com, "Microsoft
// Graph throttling guidance" and "Best practices"; published responses), and returns
// the part of an error that repeats them. The client may choose its own request id.
func (out Responder) SetHeaders(w http.ResponseWriter, r *http.Request) InnerError {
	id := directory.NewID()
	clientID := r.Header.Get("client-request-id")
	if clientID == "" || len(clientID) > maxText {
		clientID = id
	}
	clientID = Clean(clientID)
	audit.From(r.Context()).Correlate(clientID)
	h := w.Header()
	h.Set("request-id", id)
	h.Set("client-request-id", clientID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1",`+
		`"ScaleUnit":"000","RoleInstance":"SANDBOX"}}`)
	h.Set("Date", out.Now().UTC().Format(http.TimeFormat))
	h.Set("x-ms-resource-unit", "1")
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	// For localhost, the header would make browsers refuse the http pages of the tenant,
	// and every other http server of the machine.
	if host, _, _ := strings.Cut(r.Host, ":"); strings.EqualFold(host, "graph.microsoft.com") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return InnerError{
		Date:            out.Now().UTC().Format(errorTime),
		RequestID:       id,
		ClientRequestID: clientID,
	}
}

// WriteJSON sends body as JSON.
func WriteJSON(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // fails only if the client has disconnected
}

// AcceptsJSON reports whether the Accept header of a request allows JSON.
func AcceptsJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, _, err := mime.ParseMediaType(part)
		if err == nil && (mediaType == "*/*" || mediaType == "application/*" || mediaType == "application/json") {
			return true
		}
	}
	return false
}

// CleanName is Clean for the name of a property, which may be longer.
func CleanName(s string) string {
	const maxName = 200
	return clean(s, maxName)
}

// maxText limits the bytes of a client's text that a response repeats.
const maxText = 64

// Clean returns s without the characters that are not printable ASCII, without
// quotes, and cut to maxText.
func Clean(s string) string { return clean(s, maxText) }

func clean(s string, size int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\'' || r == '"' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), size)]
}
