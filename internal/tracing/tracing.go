// Package tracing sends spans to an OpenTelemetry collector: one for each request that is
// served, and one for each call to Entra and Graph. It is off unless a collector is
// configured. The trace context of a caller (W3C Trace Context, traceparent) is propagated
// in either case.
//
// Spans hold routes, hosts, statuses and times. They hold no address of a caller, no path
// with a name in it, and nothing of a token.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config describes the collector. The zero value describes none.
type Config struct {
	Endpoint string       // of the collector, such as http://localhost:4318; empty for none
	Headers  string       // for the collector, as name=value,name=value; may hold a secret
	Lenient  bool         // leaves malformed headers out instead of failing
	Version  string       // of this program
	HTTP     *http.Client // calls the collector
	Log      *slog.Logger // gets a warning for spans that could not be sent
}

// Tracer creates spans. It is safe for concurrent use.
type Tracer struct {
	tracer trace.Tracer
	off    bool // there is no collector; only the trace context of a caller is propagated
	stop   func(context.Context) error
}

// New returns a Tracer. It returns an error if Headers cannot be parsed and the
// configuration is not lenient. A variable of the environment that the SDK cannot
// parse, such as OTEL_RESOURCE_ATTRIBUTES, is logged and ignored.
func New(ctx context.Context, c Config) (*Tracer, error) {
	if c.Endpoint == "" {
		return &Tracer{
			tracer: noop.NewTracerProvider().Tracer(""),
			off:    true,
			stop:   func(context.Context) error { return nil },
		}, nil
	}
	headers, err := parseHeaders(c.Headers)
	switch {
	case err != nil && c.Lenient:
		c.Log.Warn("a malformed header for the collector is left out", "error", err)
	case err != nil:
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, &collector{
		address: strings.TrimRight(c.Endpoint, "/") + "/v1/traces",
		headers: headers,
		http:    c.HTTP,
	})
	if err != nil {
		return nil, fmt.Errorf("start tracing: %w", err)
	}
	service := resource.WithAttributes(
		attribute.String("service.name", "profilectl"),
		attribute.String("service.version", c.Version),
	)
	attributes, err := resource.New(ctx, service, resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe the service: %w", err)
	}
	// The SDK reads other variables itself. It has no other way to report which of
	// them it ignores, and errors in the background.
	otel.SetLogger(logr.FromSlogHandler(c.Log.Handler()))
	warnOnError(c.Log, "an OTEL_* variable is ignored")
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(attributes))
	warnOnError(c.Log, "traces are lost")
	return &Tracer{
		tracer: provider.Tracer("github.com/profilectl/profilectl"),
		stop:   provider.Shutdown,
	}, nil
}

// warnOnError logs the errors of the SDK from now on.
func warnOnError(log *slog.Logger, message string) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn(message, "error", err) }))
}

// Stop sends the remaining spans, until ctx ends.
func (t *Tracer) Stop(ctx context.Context) error {
	if err := t.stop(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// Span is the span of a request that is served.
type Span struct{ span trace.Span }

// Serve starts the span of an incoming request. It belongs to the trace that the
// request's header names, or to a new one.
func (t *Tracer) Serve(ctx context.Context, h http.Header) (context.Context, Span) {
	switch {
	case len(h["Traceparent"]) > 0:
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
	case t.off:
		return ctx, Span{trace.SpanFromContext(ctx)} // a span that does nothing
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, Span{span}
}

// TraceID returns the id that identifies the request at the collector, or an empty string
// if there is no trace.
func (s Span) TraceID() string {
	if c := s.span.SpanContext(); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// End ends the span with the route, the HTTP status and the outcome of the request.
func (s Span) End(route string, status int, outcome string) {
	if !s.span.IsRecording() {
		return
	}
	s.span.SetName(route)
	s.span.SetAttributes(
		attribute.String("http.route", route),
		attribute.Int("http.response.status_code", status),
		attribute.String("profilectl.outcome", outcome),
	)
	if status >= http.StatusInternalServerError {
		s.span.SetStatus(codes.Error, outcome)
	}
	s.span.End()
}

// Transport returns a transport that creates a span for each outgoing request and
// propagates the trace context in its header.
func (t *Tracer) Transport(next http.RoundTripper) http.RoundTripper { return outgoing{t, next} }

type outgoing struct {
	tracer *Tracer
	next   http.RoundTripper
}

// RoundTrip sends a copy of the request with the trace context in its header.
func (o outgoing) RoundTrip(req *http.Request) (*http.Response, error) {
	if o.tracer.off && !trace.SpanContextFromContext(req.Context()).IsValid() {
		return o.next.RoundTrip(req)
	}
	name := req.Method + " " + req.URL.Host
	ctx, span := o.tracer.tracer.Start(req.Context(), name, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	req = req.Clone(ctx)
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))
	res, err := o.next.RoundTrip(req)
	span.SetAttributes(
		attribute.String("http.request.method", req.Method),
		attribute.String("server.address", req.URL.Hostname()),
	)
	switch {
	case err != nil:
		span.SetStatus(codes.Error, "no response")
	case res.StatusCode >= http.StatusBadRequest:
		span.SetStatus(codes.Error, http.StatusText(res.StatusCode))
	}
	if res != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	}
	return res, err
}
