package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the service counts, in a registry of its own.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec   // by route, status and outcome
	seconds   *prometheus.HistogramVec // by route
	upstream  *prometheus.HistogramVec // by call: exchange, graph
	exchanges *prometheus.CounterVec   // by result: cached, made, challenge, failed
	limited   prometheus.Counter       // turned away: one user's too many
}

func newMetrics(s *Server) *metrics {
	buckets := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15} // seconds
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "profilectl_requests_total", Help: "Requests that were answered."}, []string{"route", "status", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "profilectl_request_seconds", Help: "Time to the answer.", Buckets: buckets,
		}, []string{"route"}),
		upstream: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "profilectl_upstream_seconds", Help: "Time that calls to Entra (exchange) and Microsoft Graph (graph) took.", Buckets: buckets,
		}, []string{"call"}),
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "profilectl_exchanges_total", Help: "On-Behalf-Of exchanges that were wanted."}, []string{"result"}),
		limited:   prometheus.NewCounter(prometheus.CounterOpts{Name: "profilectl_rate_limited_total", Help: "Requests turned away because a user sent too many."}),
	}
	busy := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "profilectl_requests_in_flight", Help: "Requests under way."}, func() float64 { return float64(len(s.slots)) })
	m.registry.MustRegister(degraded(s.config.Degraded))
	m.registry.MustRegister(m.requests, m.seconds, m.upstream, m.exchanges, m.limited, busy,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// request counts one. A route is a pattern of ours: callers cannot make up
// labels.
func (m *metrics) request(route string, status int, outcome string, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status), outcome).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// exchange counts how one ended.
func (m *metrics) exchange(cached, demanded bool, err error) {
	result := "made"
	switch {
	case cached:
		result = "cached"
	case demanded:
		result = "challenge"
	case err != nil:
		result = "failed"
	}
	m.exchanges.WithLabelValues(result).Inc()
}

// degraded is a metric for each part that does not work at present.
type degraded func() []string

// Describe names the metric (prometheus.Collector).
func (d degraded) Describe(all chan<- *prometheus.Desc) { all <- d.about() }

// Collect says which parts it is for now.
func (d degraded) Collect(all chan<- prometheus.Metric) {
	for _, part := range d() {
		all <- prometheus.MustNewConstMetric(d.about(), prometheus.GaugeValue, 1, part)
	}
}

func (degraded) about() *prometheus.Desc {
	return prometheus.NewDesc("profilectl_degraded", "What does not work at present and is done without.", []string{"part"}, nil)
}
