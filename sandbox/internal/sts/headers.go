package sts

import (
	"context"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// requestIDKey is the key of a request's ID in its context.
type requestIDKey struct{}

// requestID returns the ID under which the service knows a request: the trace ID of errors.
func requestID(r *http.Request) string {
	if id, ok := r.Context().Value(requestIDKey{}).(string); ok {
		return id
	}
	return directory.NewID()
}

// withHeaders adds the headers that all responses of the token service have. Those for
// browsers have their published values. Strict-Transport-Security is left out at the
// sandbox's own address, because browsers would then refuse http for every port of localhost.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := directory.NewID()
		h := w.Header()
		h.Set("x-ms-request-id", id)
		h.Set("x-ms-ests-server", "2.1.0.0 - SANDBOX")
		h.Set("P3P", `CP="DSP CUR OTPi IND OTRi ONL FIN"`)
		h.Set("X-Content-Type-Options", "nosniff")
		if strings.HasSuffix(r.Host, ".ciamlogin.com") {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		if wanted := r.Header.Get("return-client-request-id"); strings.EqualFold(wanted, "true") {
			if correlationID := r.Header.Get("client-request-id"); IsGUID(correlationID) {
				h.Set("client-request-id", correlationID)
			}
		}
		// In place: the audit reads the form that the handlers parse.
		*r = *r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		next.ServeHTTP(w, r)
	})
}
