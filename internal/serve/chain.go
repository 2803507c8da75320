package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

// recorder records the outcome of a request for the log and the metrics.
type recorder struct {
	http.ResponseWriter
	status  int // 0 until the header is written
	outcome string
	failed  bool // the request failed after it was accepted, through no fault of the caller
	cause   error
	calls   []slog.Attr // calls upstream and their durations
}

// WriteHeader records the status.
func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write records status 200 if the handler has not written a header.
func (rec *recorder) Write(p []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	return rec.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// observe gives every request a correlation id, a deadline and a line in the log,
// and turns a panic into a response. Headers, bodies and queries are not logged.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := correlationID(r)
		ctx, cancel := context.WithTimeout(upstream.WithCorrelationID(r.Context(), id), s.settings.Timeout)
		defer cancel()
		ctx, span := s.parts.tracer.Serve(ctx, r.Header)
		r = r.WithContext(ctx)
		w.Header().Set("client-request-id", id)
		if s.draining.Load() {
			w.Header().Set("Connection", "close") // the next request goes to another replica
		}
		rec := &recorder{ResponseWriter: w, outcome: "done"}
		defer func() {
			if value := recover(); value != nil {
				if value == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					panic(value)
				}
				s.recovered(rec, r, value)
			}
			s.record(r, rec, span, time.Since(start))
		}()
		next.ServeHTTP(rec, r)
	})
}

// correlationID returns the caller's client-request-id if it is a GUID, or a new
// one (RFC 9562, version 4).
func correlationID(r *http.Request) string {
	if id := r.Header.Get("client-request-id"); guid.Valid(id) {
		return id
	}
	return uuid.NewString()
}

// recovered logs a panic and sends a response if none has been sent.
func (s *Server) recovered(rec *recorder, r *http.Request, value any) {
	s.log.ErrorContext(r.Context(), "panic",
		"correlationId", upstream.CorrelationID(r.Context()),
		"panic", loggable(value),
		"stack", string(debug.Stack()))
	rec.failed = true
	if rec.status == 0 {
		s.reject(rec, r, 0, forCaller(&fault.Error{Kind: fault.Internal}))
	}
}

// loggable returns what may be logged of a panic's value: the message of a runtime
// error, and only the type of anything else, which may hold a token or a name.
func loggable(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", value)
}

// record writes the outcome of a request to the log, the metrics and the trace. A
// request that failed is logged as an error, and one that was rejected is not.
func (s *Server) record(r *http.Request, rec *recorder, span tracing.Span, took time.Duration) {
	status := cmp.Or(rec.status, http.StatusOK) // net/http's default
	span.End(r.Pattern, status, rec.outcome)
	s.metrics.request(r.Pattern, status, rec.outcome, took)
	var cause, traceID slog.Attr // an empty attribute is not logged
	if rec.cause != nil {
		cause = slog.String("cause", withoutPath(rec.cause))
	}
	if id := span.TraceID(); id != "" {
		traceID = slog.String("traceId", id)
	}
	level := slog.LevelInfo
	if rec.failed {
		level = slog.LevelError
	}
	s.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method),
		slog.String("route", r.Pattern),
		slog.Int("status", status),
		slog.String("outcome", rec.outcome),
		milliseconds("duration_ms", took),
		slog.GroupAttrs("upstream", rec.calls...),
		slog.String("correlationId", upstream.CorrelationID(r.Context())),
		traceID,
		cause)
}

// withoutPath returns the text of an error. A URL in it is cut to its host, because the
// path of a user in Graph holds the user's id.
func withoutPath(err error) string {
	text := err.Error()
	if failed, ok := errors.AsType[*url.Error](err); ok {
		if u, parseErr := url.Parse(failed.URL); parseErr == nil {
			text = strings.ReplaceAll(text, failed.URL, u.Scheme+"://"+u.Host)
		}
	}
	return text
}

// milliseconds returns an attribute with a duration in milliseconds, to a microsecond.
func milliseconds(key string, d time.Duration) slog.Attr {
	return slog.Float64(key, float64(d.Microseconds())/1000) //nolint:mnd // microseconds in a millisecond
}

// recordCall records how long a call upstream took, with all its retries.
func (s *Server) recordCall(w http.ResponseWriter, name string, took time.Duration) {
	s.metrics.upstream.WithLabelValues(name).Observe(took.Seconds())
	if rec, ok := w.(*recorder); ok {
		rec.calls = append(rec.calls, milliseconds(name+"_ms", took))
	}
}
