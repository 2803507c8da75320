package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector sends spans as protobuf by OTLP over HTTP. The client of the library would
// link 8 MB of gRPC, which is not used (docs/explanation/adr).
type collector struct {
	address string
	headers http.Header
	http    *http.Client
}

// Start does nothing (otlptrace.Client).
func (*collector) Start(context.Context) error { return nil }

// Stop does nothing (otlptrace.Client).
func (*collector) Stop(context.Context) error { return nil }

// UploadTraces sends spans once, without a retry. It encodes TracesData instead of the
// ExportTraceServiceRequest that OTLP specifies. Their encodings are the same, because both
// have one field with the same type and number.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	maps.Copy(req.Header, c.headers)
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer res.Body.Close()
	const limit = 64 << 10
	_, _ = io.CopyN(io.Discard, res.Body, limit) // so that the connection can be reused
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("send spans: the collector answered with HTTP status %d", res.StatusCode)
	}
	return nil
}
