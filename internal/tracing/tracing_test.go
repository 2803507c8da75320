package tracing_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/profilectl/profilectl/internal/tracing"
)

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	parent  = "00-" + traceID + "-00f067aa0ba902b7-01"
)

// echo responds with the traceparent header of the request.
type echo struct{}

func (echo) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK,
		Body:       io.NopCloser(strings.NewReader(r.Header.Get("traceparent"))),
		Request:    r,
	}, nil
}

// propagated serves a request with the header h and returns the traceparent header of the
// call that is made for it.
func propagated(t *testing.T, tracer *tracing.Tracer, h http.Header) string {
	t.Helper()
	ctx, span := tracer.Serve(t.Context(), h)
	defer span.End("POST /updateUserInfo", http.StatusNoContent, "done")
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, "https://graph.example/v1.0/me?secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tracer.Transport(echo{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTracerPropagatesATraceWithoutACollector(t *testing.T) {
	tracer, err := tracing.New(t.Context(), tracing.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := propagated(t, tracer, http.Header{"Traceparent": {parent}}); got != parent {
		t.Errorf("propagated %q, want %q", got, parent)
	}
	for _, h := range []http.Header{
		{},
		{"Traceparent": {"garbage"}},
		{"Traceparent": {strings.Repeat("0", 10_000)}},
	} {
		if got := propagated(t, tracer, h); got != "" {
			t.Errorf("propagated %q, want nothing", got)
		}
	}
}

func TestTracerSendsSpansToTheCollector(t *testing.T) {
	received := make(chan *tracepb.TracesData, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var data tracepb.TracesData
		if err != nil || proto.Unmarshal(body, &data) != nil {
			t.Errorf("got %v, %q", err, body)
		}
		if r.URL.Path != "/base/v1/traces" || r.Header.Get("Api-Key") != "a b" ||
			r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("got %s %v", r.URL, r.Header)
		}
		if strings.Contains(string(body), "secret") {
			t.Error("the collector got the query of a request")
		}
		received <- &data
	}))
	defer collector.Close()
	tracer, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: collector.URL + "/base/",
		Headers:  "api-key=a%20b",
		Version:  "1.2.3",
		HTTP:     collector.Client(),
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	header := propagated(t, tracer, http.Header{"Traceparent": {parent}})
	if !strings.HasPrefix(header, "00-"+traceID) || header == parent {
		t.Errorf("propagated %q", header)
	}
	if err := tracer.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	spans := (<-received).ResourceSpans[0].ScopeSpans[0].Spans
	names := map[string]*tracepb.Span{}
	for _, s := range spans {
		names[s.Name] = s
	}
	served, called := names["POST /updateUserInfo"], names["PATCH graph.example"]
	if served == nil || called == nil || string(called.ParentSpanId) != string(served.SpanId) {
		t.Errorf("got %v", names)
	}
}

func TestTracerLogsAFailingCollector(t *testing.T) {
	collector := httptest.NewServer(http.NotFoundHandler())
	defer collector.Close()
	var log bytes.Buffer
	tracer, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: collector.URL,
		HTTP:     collector.Client(),
		Log:      slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	propagated(t, tracer, http.Header{})
	err = tracer.Stop(context.Background())
	if err != nil || !strings.Contains(log.String(), "the collector answered with HTTP status 404") {
		t.Errorf("got %v, log %s", err, &log)
	}
}

func TestNewDoesNotRepeatInvalidHeaders(t *testing.T) {
	_, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: "http://localhost:4318",
		Headers:  "the secret alone",
	})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestNewLeavesOutWhatTheEnvironmentMalforms(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=a b,x")
	t.Setenv("OTEL_TRACES_SAMPLER", "rubbish")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "soon")
	sent := make(chan http.Header, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent <- r.Header }))
	defer collector.Close()
	var log bytes.Buffer
	tracer, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: collector.URL,
		Headers:  "authorization=Basic%20abc==,secret,x y=secret,api-key=%zz,",
		Lenient:  true,
		HTTP:     collector.Client(),
		Log:      slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	propagated(t, tracer, http.Header{})
	if err := tracer.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if h := <-sent; h.Get("Authorization") != "Basic abc==" || h.Get("Api-Key") != "" {
		t.Errorf("sent %v", h)
	}
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "lost") ||
		!strings.Contains(log.String(), "missing value: [x]") {
		t.Errorf("the log is %s", &log)
	}
}
