package auth

import (
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"strconv"

	"github.com/profilectl/profilectl/internal/loopback"
)

// screen rejects requests that cannot be the identity provider's response, before
// their body is read. It returns status 0 for a request that passes. The Host is
// checked to prevent DNS rebinding, Sec-Fetch to exclude pages that send requests
// in the background. Origin is not checked: it is "null" or foreign in every valid
// request.
func (l *listener) screen(r *http.Request) (status int, reason string) {
	media, _, mediaErr := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case !l.isOwn(r.Host):
		return http.StatusMisdirectedRequest, "the request is for another host"
	case r.URL.Path != "/":
		return http.StatusNotFound, "no such page"
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "not a POST"
	case mediaErr != nil || media != "application/x-www-form-urlencoded":
		return http.StatusUnsupportedMediaType, "not a form"
	case !absentOr(r, "Sec-Fetch-Mode", "navigate"), !absentOr(r, "Sec-Fetch-Dest", "document"):
		return http.StatusForbidden, "not a navigation"
	default:
		return 0, ""
	}
}

// isOwn reports whether a request is for this listener. Browsers leave out port 80,
// which is the default of http.
func (l *listener) isOwn(hostPort string) bool {
	const defaultPort = 80
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host, port = hostPort, strconv.Itoa(defaultPort)
	}
	return loopback.IsHost(host) && port == strconv.Itoa(l.port)
}

// absentOr reports whether a header is missing or has the given value. Old browsers
// do not send Sec-Fetch headers.
func absentOr(r *http.Request, header, value string) bool {
	got := r.Header.Get(header)
	return got == "" || got == value
}

// readForm reads the response and checks the state first, also of errors: a
// response without it was sent by another process or page. It returns status 0 for
// a valid response.
func (l *listener) readForm(w http.ResponseWriter, r *http.Request) (status int, reason string) {
	r.Body = http.MaxBytesReader(w, r.Body, maxResponse)
	if err := r.ParseForm(); err != nil {
		return http.StatusBadRequest, "the form cannot be read"
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(l.state)) != 1 {
		return http.StatusForbidden, "wrong state"
	}
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(r.PostForm[name]) > 1 {
			return http.StatusBadRequest, "a parameter is repeated"
		}
	}
	if (r.PostForm.Get("code") == "") == (r.PostForm.Get("error") == "") {
		return http.StatusBadRequest, "neither a code nor an error, or both"
	}
	return 0, ""
}
