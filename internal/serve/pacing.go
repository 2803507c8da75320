package serve

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/pace"
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/upstream"
)

// pacing spaces the requests to the tenant.
type pacing struct {
	pacer     *pace.Pacer
	waited    prometheus.Histogram
	refused   *prometheus.CounterVec // by reason
	throttled prometheus.Counter
}

// newPacing returns the pacing of the settings. It fails with a Usage fault if an egress
// address is to be shared without a cache.
func newPacing(s Settings, store *shared.Store, log *slog.Logger) (*pacing, error) {
	if s.Egress != "" && store == nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "replicas cannot share an egress address without a shared cache",
			Fix:  "set cache, or remove egress and give each replica its part of exchange-rate",
		}
	}
	p := &pacing{
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "profilectl_exchange_wait_seconds",
			Help:    "Time that exchanges waited for their turn at the tenant.",
			Buckets: []float64{.001, .01, .05, .1, .25, .5, 1, 2, 4, 8, 15, 30}, // seconds
		}),
		refused: counter("profilectl_exchange_refused_total",
			"Exchanges that could not have a turn in time, by reason.", "reason"),
		throttled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "profilectl_tenant_throttled_total",
			Help: "Requests that the tenant rejected with status 429.",
		}),
	}
	for _, reason := range []pace.Reason{pace.Busy, pace.Paused, pace.Full} {
		p.refused.WithLabelValues(string(reason)) // so that the first one shows as an increase
	}
	p.pacer = pace.New(pace.Config{
		Rate:  s.ExchangeRate,
		Share: share(store, s.Egress),
		Events: pace.Events{
			Waited:    func(d time.Duration) { p.waited.Observe(d.Seconds()) },
			Refused:   func(r pace.Reason) { p.refused.WithLabelValues(string(r)).Inc() },
			Throttled: p.throttled.Inc,
		},
		Log: log,
	})
	return p, nil
}

// share returns the turns of an egress address, or nil if it is not shared.
func share(store *shared.Store, egress string) *pace.Share {
	if egress == "" {
		return nil
	}
	return &pace.Share{
		Reserve: func(ctx context.Context, turns int, interval time.Duration) (pace.Reservation, bool) {
			got, ok := store.Reserve(ctx, egress, turns, interval)
			return pace.Reservation(got), ok
		},
		Pause: func(ctx context.Context, d time.Duration) { store.Pause(ctx, egress, d) },
	}
}

// client returns a client whose requests to the tenant are paced.
func (p *pacing) client(c *http.Client, breakers *upstream.Breakers) *http.Client {
	isOpen := func(r *http.Request) bool { return breakers.IsOpen(r.URL.Host) }
	return upstream.BelowRetries(c, func(next http.RoundTripper) http.RoundTripper {
		return p.pacer.Transport(next, isOpen)
	})
}

// collectors returns the metrics.
func (p *pacing) collectors() []prometheus.Collector {
	queue := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "profilectl_exchange_queue_length",
		Help: "Exchanges that wait for their turn at the tenant.",
	}, func() float64 { return float64(p.pacer.Waiting()) })
	return []prometheus.Collector{queue, p.waited, p.refused, p.throttled}
}
