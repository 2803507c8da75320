package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

// observed notes what became of a request, for the log.
type observed struct {
	http.ResponseWriter
	status  int
	outcome string
	cause   error
	calls   []slog.Attr // upstream, with the time that each took
}

// WriteHeader notes the status.
func (o *observed) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// outer gives every request its correlation id and its line in the log, and
// turns a panic into an answer. The log holds no header, no body and no query.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := correlationID(r)
		ctx, cancel := context.WithTimeout(upstream.WithCorrelationID(r.Context(), id), s.config.Timeout)
		defer cancel()
		ctx, span := s.config.Trace.Serve(ctx, r.Header)
		r = r.WithContext(ctx)
		w.Header().Set("client-request-id", id)
		if s.draining.Load() {
			w.Header().Set("Connection", "close") // the next request goes to somebody else
		}
		o := &observed{ResponseWriter: w, outcome: "done"}
		defer func() {
			if broken := recover(); broken != nil {
				if broken == http.ErrAbortHandler {
					panic(broken)
				}
				s.config.Log.ErrorContext(ctx, "panic", "correlationId", id, "panic", harmless(broken), "stack", string(debug.Stack()))
				if o.status == 0 {
					s.refuse(o, r, 0, &fault.Error{Kind: fault.Internal, What: "something went wrong inside the mid-tier"})
				}
			}
			s.note(r, o, span, id, start)
		}()
		next.ServeHTTP(o, r)
	})
}

// called notes how long a call upstream took, with all its repetitions.
func (s *Server) called(w http.ResponseWriter, what string, begun time.Time) {
	took := time.Since(begun)
	s.metrics.upstream.WithLabelValues(what).Observe(took.Seconds())
	if o, ok := w.(*observed); ok {
		o.calls = append(o.calls, slog.String(what, took.Round(time.Microsecond).String()))
	}
}

// harmless is what may be logged of a panic: what the runtime says; of anything
// else only its type, for it may hold a token or a name.
func harmless(broken any) string {
	if err, ok := broken.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", broken)
}

func (s *Server) note(r *http.Request, o *observed, span tracing.Span, id string, start time.Time) {
	took := time.Since(start)
	span.End(r.Pattern, o.status, o.outcome)
	s.metrics.request(r.Pattern, o.status, o.outcome, took)
	var cause, traceID slog.Attr // an empty one is left out
	if o.cause != nil {
		cause = slog.String("cause", o.cause.Error())
	}
	if id := span.TraceID(); id != "" {
		traceID = slog.String("traceId", id)
	}
	s.config.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Int("status", o.status),
		slog.String("outcome", o.outcome), slog.String("took", took.Round(time.Microsecond).String()), slog.GroupAttrs("upstream", o.calls...), slog.String("correlationId", id), traceID, cause)
}

// limited turns requests away at once while too many are under way: a queue
// would only let them time out later.
func (s *Server) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
			next(w, r)
		default:
			s.refuse(w, r, http.StatusServiceUnavailable, &fault.Error{Kind: fault.Unavailable, What: "the mid-tier is busy", Fix: "try again in a second", RetryAfter: time.Second})
		}
	}
}
