package graph

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
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
	Inner   innerError `json:"innerError"`
}

type innerError struct {
	Code            string `json:"code,omitempty"`
	Message         string `json:"message,omitempty"`
	Status          string `json:"status,omitempty"`
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

// writeError sends an error.
func (g *Graph) writeError(w http.ResponseWriter, r *http.Request, e *graphError) {
	g.Log.Info("reject request", "path", r.URL.Path, "code", e.code)
	audit.From(r.Context()).Refused(e.code, "%s", cmp.Or(e.reason, e.message))
	inner := g.setHeaders(w, r)
	inner.Code, inner.Message, inner.Status = e.innerCode, e.innerMessage, e.innerCode
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", `+
			`authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", `+
			`client_id="`+sts.GraphID+`"`)
	}
	writeJSON(w, e.status, "application/json", errorResponse{errorBody{e.code, e.message, inner}})
}

// writeEntity sends a successful response with body as JSON.
func (g *Graph) writeEntity(w http.ResponseWriter, r *http.Request, body any) {
	g.setHeaders(w, r)
	w.Header().Set("OData-Version", "4.0")
	writeJSON(w, http.StatusOK, "application/json;odata.metadata=minimal;odata.streaming=true;"+
		"IEEE754Compatible=false;charset=utf-8", body)
}

// writeNothing sends a successful response without a body.
func (g *Graph) writeNothing(w http.ResponseWriter, r *http.Request) {
	g.setHeaders(w, r)
	w.Header().Set("OData-Version", "4.0")
	w.WriteHeader(http.StatusNoContent)
}

// setHeaders sets the headers that all responses have (learn.microsoft.com, "Microsoft
// Graph throttling guidance" and "Best practices"; published responses), and returns
// the part of an error that repeats them. The client may choose its own request id.
func (g *Graph) setHeaders(w http.ResponseWriter, r *http.Request) innerError {
	id := directory.NewID()
	clientID := r.Header.Get("client-request-id")
	if clientID == "" || len(clientID) > maxText {
		clientID = id
	}
	clientID = clean(clientID)
	audit.From(r.Context()).Correlate(clientID)
	h := w.Header()
	h.Set("request-id", id)
	h.Set("client-request-id", clientID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1",`+
		`"ScaleUnit":"000","RoleInstance":"SANDBOX"}}`)
	h.Set("Date", g.Now().UTC().Format(http.TimeFormat))
	h.Set("x-ms-resource-unit", "1")
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	// For localhost, the header would make browsers refuse the http pages of the tenant,
	// and every other http server of the machine.
	if host, _, _ := strings.Cut(r.Host, ":"); strings.EqualFold(host, "graph.microsoft.com") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return innerError{
		Date:            g.Now().UTC().Format(errorTime),
		RequestID:       id,
		ClientRequestID: clientID,
	}
}

func writeJSON(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // fails only if the client has disconnected
}

// acceptsJSON reports whether the Accept header of a request allows JSON.
func acceptsJSON(r *http.Request) bool {
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

// maxText limits the bytes of a client's text that a response repeats.
const maxText = 64

// clean returns s without the characters that are not printable ASCII, without
// quotes, and cut to maxText.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\'' || r == '"' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), maxText)]
}
