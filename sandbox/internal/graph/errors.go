package graph

import (
	"fmt"
	"net/http"
	"strconv"
)

// graphError is an error as Graph reports it.
type graphError struct {
	status       int // HTTP status
	code         string
	message      string
	innerCode    string // of the nested error; empty if there is none
	innerMessage string
	reason       string // the cause in words, for the audit; empty if message is exact enough
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

// badRequest returns an error about a request that Graph cannot read.
func badRequest(message string) *graphError {
	return &graphError{status: http.StatusBadRequest, code: "BadRequest", message: message}
}

// rejected returns an error about a request that the directory behind Graph rejects.
func rejected(message string) *graphError {
	return &graphError{status: http.StatusBadRequest, code: "Request_BadRequest", message: message}
}

func notFound(message string) *graphError {
	return &graphError{status: http.StatusNotFound, code: "Request_ResourceNotFound", message: message}
}

// noPhoto returns the published error for users without a photo.
func noPhoto() *graphError {
	return &graphError{
		status:  http.StatusNotFound,
		code:    "ImageNotFound",
		message: "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
	}
}

func unknownSegment(segment string) *graphError {
	return badRequest("Resource not found for the segment '" + clean(segment) + "'.")
}

func methodNotAllowed() *graphError {
	return &graphError{
		status:  http.StatusMethodNotAllowed,
		code:    "Request_BadRequest",
		message: "Specified HTTP method is not allowed for the request target.",
	}
}

// unsupported returns an error with one of the documented statuses for formats and sizes.
// The code is a documented one, but that Graph sends it here is inferred.
func unsupported(status int, message string) *graphError {
	return &graphError{status: status, code: "notSupported", message: message}
}

func notAcceptable() *graphError {
	return unsupported(http.StatusNotAcceptable, "The format that the Accept header requests is not supported.")
}

// Fail sends the error response of Graph with an HTTP status. The body of 429 is the
// documented one. A Retry-After header must have been set before. The codes of other
// statuses are documented, but that Graph sends them with these statuses is inferred.
func (g *Graph) Fail(w http.ResponseWriter, r *http.Request, status int) {
	e := &graphError{status: status, code: "generalException", message: http.StatusText(status)}
	switch status {
	case http.StatusUnauthorized:
		e = invalidToken("Access token validation failure.")
	case http.StatusForbidden:
		e = accessDenied()
	case http.StatusTooManyRequests:
		e.code, e.message = "TooManyRequests", "Please retry again later."
		e.innerCode, e.innerMessage = strconv.Itoa(status), "Please retry after"
	case http.StatusServiceUnavailable:
		e.code = "serviceNotAvailable"
	}
	g.writeError(w, r, e)
}
