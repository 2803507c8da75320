package graph

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// graphError is an error as Graph reports it.
type graphError struct {
	status  int // HTTP status
	code    string
	message string
	reason  string // the cause in words, for the audit; empty if message is exact enough
}

// because sets the cause that the audit shows, which may be more exact than what Graph tells
// the client. It must not contain a secret. The arguments are those of fmt.Sprintf.
func (e *graphError) because(reason string, args ...any) *graphError {
	e.reason = fmt.Sprintf(reason, args...)
	return e
}

func invalidToken(message string) *graphError {
	return &graphError{status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message}
}

func accessDenied() *graphError {
	return &graphError{
		status:  http.StatusForbidden,
		code:    "Authorization_RequestDenied",
		message: "Insufficient privileges to complete the operation.",
	}
}

func badRequest(message string) *graphError {
	return &graphError{status: http.StatusBadRequest, code: "Request_BadRequest", message: message}
}

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
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

// writeError sends an error.
func (g *Graph) writeError(w http.ResponseWriter, r *http.Request, e *graphError) {
	g.Log.Info("reject request", "path", r.URL.Path, "code", e.code)
	audit.From(r.Context()).Refused(e.code, "%s", cmp.Or(e.reason, e.message))
	requestID, clientID := setRequestIDs(w, r)
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", `+
			`authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", `+
			`client_id="`+sts.GraphID+`"`)
	}
	writeJSON(w, e.status, errorResponse{Error: errorBody{
		Code:    e.code,
		Message: e.message,
		Inner: innerError{
			Date:            g.Now().UTC().Format("2006-01-02T15:04:05"),
			RequestID:       requestID,
			ClientRequestID: clientID,
		},
	}})
}

// write sends a response with body as JSON, or without a body if body is nil.
func (g *Graph) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	setRequestIDs(w, r)
	if body == nil {
		w.WriteHeader(status)
		return
	}
	writeJSON(w, status, body)
}

// setRequestIDs sets the headers that identify a request in Graph's logs, and
// returns their values. The client may choose its own id.
func setRequestIDs(w http.ResponseWriter, r *http.Request) (requestID, clientID string) {
	requestID = sts.NewID()
	clientID = r.Header.Get("client-request-id")
	if clientID == "" || len(clientID) > maxText {
		clientID = requestID
	}
	clientID = clean(clientID)
	audit.From(r.Context()).Correlate(clientID)
	w.Header().Set("request-id", requestID)
	w.Header().Set("client-request-id", clientID)
	return requestID, clientID
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;"+
		"IEEE754Compatible=false;charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // fails only if the client has disconnected
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
