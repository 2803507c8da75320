package graph

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// graphError is Graph's error document (learn.microsoft.com, "Microsoft Graph
// error responses and resource types").
type graphError struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   struct {
			Date            string `json:"date"`
			RequestID       string `json:"request-id"`
			ClientRequestID string `json:"client-request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

func (g *Graph) fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	g.Log.Info("refuse", "path", r.URL.Path, "code", code)
	var e graphError
	e.Error.Code, e.Error.Message = code, message
	e.Error.Inner.Date = g.Now().UTC().Format("2006-01-02T15:04:05")
	requestID, clientID := identify(w, r)
	e.Error.Inner.RequestID, e.Error.Inner.ClientRequestID = requestID, clientID
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="`+sts.GraphID+`"`)
	}
	write(w, status, e)
}

func (g *Graph) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	identify(w, r)
	if body == nil {
		w.WriteHeader(status)
		return
	}
	write(w, status, body)
}

// identify sets the headers by which a request is found in Graph's logs.
func identify(w http.ResponseWriter, r *http.Request) (requestID, clientID string) {
	requestID = sts.NewID()
	clientID = r.Header.Get("client-request-id")
	if clientID == "" || len(clientID) > 64 {
		clientID = requestID
	}
	w.Header().Set("request-id", requestID)
	w.Header().Set("client-request-id", clean(clientID))
	return requestID, clean(clientID)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // a client that has gone is no error
}

// clean keeps foreign text short and printable.
func clean(s string) string {
	const most = 64
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\'' || r == '"' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}
