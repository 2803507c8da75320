// Package odata reads requests and writes responses as Microsoft Graph does: errors, headers,
// JSON bodies, and the expressions of $filter.
package odata

import (
	"fmt"
	"net/http"
	"strconv"
)

// Error is an error as Graph reports it.
type Error struct {
	Status       int // HTTP status
	Code         string
	Message      string
	InnerCode    string // of the nested error; empty if there is none
	InnerMessage string
	Detail       string // code of the only entry of details; empty if there is none
	Target       string // the property that the detail is about
	Reason       string // the cause in words, for the audit; empty if message is exact enough
}

// Because sets the cause that the audit shows, which may be more exact than what Graph tells
// the client. It must not contain a secret. The arguments are those of fmt.Sprintf.
func (e *Error) Because(reason string, args ...any) *Error {
	e.Reason = fmt.Sprintf(reason, args...)
	return e
}

// InvalidToken returns the error for an access token that is missing or not valid.
func InvalidToken(message string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: message}
}

// AccessDenied returns the error for a caller without the permission or the role.
func AccessDenied() *Error {
	return &Error{
		Status:  http.StatusForbidden,
		Code:    "Authorization_RequestDenied",
		Message: "Insufficient privileges to complete the operation.",
	}
}

// BadRequest returns an error about a request that Graph cannot read.
func BadRequest(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "BadRequest", Message: message}
}

// Rejected returns an error about a request that the directory behind Graph rejects.
func Rejected(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "Request_BadRequest", Message: message}
}

// NotFound returns the error for an object that the directory does not have.
func NotFound(message string) *Error {
	return &Error{Status: http.StatusNotFound, Code: "Request_ResourceNotFound", Message: message}
}

// UnknownSegment returns the error for a path that names no resource.
func UnknownSegment(segment string) *Error {
	return BadRequest("Resource not found for the segment '" + Clean(segment) + "'.")
}

// MethodNotAllowed returns the error for a method that a resource does not have.
func MethodNotAllowed() *Error {
	return &Error{
		Status:  http.StatusMethodNotAllowed,
		Code:    "Request_BadRequest",
		Message: "Specified HTTP method is not allowed for the request target.",
	}
}

// Unsupported returns an error with one of the documented statuses for formats and sizes.
// The code is a documented one, but that Graph sends it here is inferred.
func Unsupported(status int, message string) *Error {
	return &Error{Status: status, Code: "notSupported", Message: message}
}

// NotAcceptable returns the error for an Accept header without JSON.
func NotAcceptable() *Error {
	return Unsupported(http.StatusNotAcceptable, "The format that the Accept header requests is not supported.")
}

// Conflict returns the error for an object that exists already.
func Conflict(message string) *Error {
	return &Error{Status: http.StatusConflict, Code: "Request_MultipleObjectsWithSameKeyValue", Message: message}
}

// About names the detail of an error: a code, and the property it is about.
func (e *Error) About(code, target string) *Error {
	e.Detail, e.Target = code, target
	return e
}

// NoObject returns the error for an object with an id that the directory does not have. Graph's
// message is the same if the object exists but the caller may not know.
func NoObject(id string) *Error {
	return NotFound("Resource '" + Clean(id) + "' does not exist or one of its queried reference-property objects " +
		"are not present.")
}

// ResourceNotFound returns the error of the services behind Graph that do not belong to the
// directory, such as Conditional Access.
func ResourceNotFound(id string) *Error {
	e := NotFound("Resource '" + Clean(id) + "' does not exist.")
	e.Code = "ResourceNotFound"
	return e
}

// StatusError returns the error that Graph sends with an HTTP status. The body of 429 is the
// documented one. The codes of other statuses are documented, but that Graph sends them with
// these statuses is inferred.
func StatusError(status int) *Error {
	switch status {
	case http.StatusUnauthorized:
		return InvalidToken("Access token validation failure.")
	case http.StatusForbidden:
		return AccessDenied()
	}
	e := &Error{Status: status, Code: "generalException", Message: http.StatusText(status)}
	switch status {
	case http.StatusTooManyRequests:
		e.Code, e.Message = "TooManyRequests", "Please retry again later."
		e.InnerCode, e.InnerMessage = strconv.Itoa(status), "Please retry after"
	case http.StatusServiceUnavailable:
		e.Code = "serviceNotAvailable"
	}
	return e
}
