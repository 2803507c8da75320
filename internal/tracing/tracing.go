// Package tracing shows where the time of a request goes: one span for what a
// caller asked, one for each call to Entra and Graph, sent to an OpenTelemetry
// collector. It is off unless a collector is configured. A trace that a caller
// brings along (W3C Trace Context, traceparent) is passed on in either case.
//
// Spans hold routes, hosts, statuses and times; no address of a caller, no path
// with a name in it, nothing of a token.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

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

// Config says where spans go. The zero value is for nowhere.
type Config struct {
	Endpoint string       // of the collector, as http://localhost:4318; empty for none
	Headers  string       // sent along, as name=value,name=value; may hold a secret
	Version  string       // of this program
	HTTP     *http.Client // calls the collector
	Log      *slog.Logger // is told of spans that could not be sent
}

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	tracer trace.Tracer
	off    bool // spans go nowhere; only a caller's trace is passed on
	stop   func(context.Context) error
}

// New returns a Tracer. It fails where Headers or the environment's
// OTEL_RESOURCE_ATTRIBUTES cannot be read.
func New(ctx context.Context, c Config) (*Tracer, error) {
	if c.Endpoint == "" {
		return &Tracer{tracer: noop.NewTracerProvider().Tracer(""), off: true, stop: func(context.Context) error { return nil }}, nil
	}
	headers, err := parseHeaders(c.Headers)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, &collector{address: strings.TrimSuffix(c.Endpoint, "/") + "/v1/traces", headers: headers, http: c.HTTP})
	if err != nil {
		return nil, fmt.Errorf("start tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "profilectl"), attribute.String("service.version", c.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	// The SDK knows no other way to say what fails in the background.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { c.Log.Warn("traces are lost", "error", err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{tracer: provider.Tracer("github.com/profilectl/profilectl"), stop: provider.Shutdown}, nil
}

// parseHeaders reads OTEL_EXPORTER_OTLP_HEADERS (OpenTelemetry specification,
// "Specifying headers via environment variables").
func parseHeaders(text string) (http.Header, error) {
	headers := http.Header{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			return nil, errors.New("read the headers: they are not name=value,name=value") // without a value, which may be a secret
		}
		headers.Set(strings.TrimSpace(name), value)
	}
	return headers, nil
}

// Stop sends what is left, for as long as ctx allows.
func (t *Tracer) Stop(ctx context.Context) error {
	if err := t.stop(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// Span is one piece of work.
type Span struct{ span trace.Span }

// Serve begins the span of a request that came in, in the trace that its header
// names.
func (t *Tracer) Serve(ctx context.Context, h http.Header) (context.Context, Span) {
	switch {
	case len(h["Traceparent"]) > 0:
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
	case t.off:
		return ctx, Span{trace.SpanFromContext(ctx)} // one that does nothing
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, Span{span}
}

// TraceID finds the request at the collector; empty where there is no trace.
func (s Span) TraceID() string {
	if c := s.span.SpanContext(); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// End ends the span of a request: which route it took, and what became of it.
func (s Span) End(route string, status int, outcome string) {
	if !s.span.IsRecording() {
		return
	}
	s.span.SetName(route)
	s.span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status), attribute.String("profilectl.outcome", outcome))
	if status >= http.StatusInternalServerError {
		s.span.SetStatus(codes.Error, outcome)
	}
	s.span.End()
}

// Transport makes a span of each request that goes out, and passes the trace on.
func (t *Tracer) Transport(next http.RoundTripper) http.RoundTripper { return outgoing{t, next} }

type outgoing struct {
	tracer *Tracer
	next   http.RoundTripper
}

// RoundTrip sends a copy of the request with the trace in its header.
func (o outgoing) RoundTrip(req *http.Request) (*http.Response, error) {
	if o.tracer.off && !trace.SpanContextFromContext(req.Context()).IsValid() {
		return o.next.RoundTrip(req)
	}
	ctx, span := o.tracer.tracer.Start(req.Context(), req.Method+" "+req.URL.Host, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	req = req.Clone(ctx)
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))
	res, err := o.next.RoundTrip(req)
	span.SetAttributes(attribute.String("http.request.method", req.Method), attribute.String("server.address", req.URL.Hostname()))
	switch {
	case err != nil:
		span.SetStatus(codes.Error, "no answer")
	case res.StatusCode >= http.StatusBadRequest:
		span.SetStatus(codes.Error, http.StatusText(res.StatusCode))
	}
	if res != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	}
	return res, err
}
