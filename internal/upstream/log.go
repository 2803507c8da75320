package upstream

import (
	"log/slog"
	"net/http"
	"time"
)

// logging logs every request that is sent, also repeated ones: never a query, a
// header or a body, which may hold tokens or personal data.
type logging struct {
	next http.RoundTripper
	log  *slog.Logger
}

// RoundTrip sends the request and logs how it ended.
func (l *logging) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	res, err := l.next.RoundTrip(req)
	outcome := slog.Any("error", err)
	if err == nil {
		outcome = slog.Int("status", res.StatusCode)
	}
	l.log.LogAttrs(req.Context(), slog.LevelDebug, "request",
		slog.String("method", req.Method),
		slog.String("host", req.URL.Host),
		slog.String("path", req.URL.Path),
		outcome,
		slog.String("took", time.Since(start).Round(time.Millisecond).String()),
		slog.String("correlationId", CorrelationID(req.Context())),
	)
	return res, err
}
