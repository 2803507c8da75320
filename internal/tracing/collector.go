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

// collector sends spans by OTLP over HTTP, in protobuf. The library's own client
// would bring gRPC along, 8 MB of it, which is not used (docs/adr).
type collector struct {
	address string
	headers http.Header
	http    *http.Client
}

// Start is nothing (otlptrace.Client).
func (*collector) Start(context.Context) error { return nil }

// Stop is nothing (otlptrace.Client).
func (*collector) Stop(context.Context) error { return nil }

// UploadTraces sends spans once. TracesData is written like the request that the
// collector expects (OTLP, ExportTraceServiceRequest): the same field, the same
// number.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("write spans: %w", err)
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
	const most = 64 << 10
	_, _ = io.CopyN(io.Discard, res.Body, most) // so that the connection can be used again
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("send spans: the collector answered with HTTP status %d", res.StatusCode)
	}
	return nil
}
