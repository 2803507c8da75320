package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/profilectl/profilectl/internal/obo"
)

// metrics are the metrics of one Server, in a registry of their own.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec   // by route, status and outcome
	seconds   *prometheus.HistogramVec // by route
	upstream  *prometheus.HistogramVec // by call: exchange, graph
	exchanges *prometheus.CounterVec   // by result: cached, made, challenge, failed
	limited   prometheus.Counter
}

// newMetrics returns the metrics. The functions return the number of requests in
// flight and the names of the optional dependencies that are unavailable.
func newMetrics(inFlight func() int, unavailable func() []string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("profilectl_requests_total",
			"Requests, by route, status and outcome.", "route", "status", "outcome"),
		seconds: histogram("profilectl_request_seconds",
			"Time to respond to a request.", "route"),
		upstream: histogram("profilectl_upstream_seconds",
			"Time of a call to Entra (exchange) or Microsoft Graph (graph), with all retries.", "call"),
		exchanges: counter("profilectl_exchanges_total",
			"On-Behalf-Of exchanges, by result.", "result"),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "profilectl_rate_limited_total",
			Help: "Requests rejected because their user sent too many.",
		}),
	}
	m.registry.MustRegister(
		m.requests, m.seconds, m.upstream, m.exchanges, m.limited,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "profilectl_requests_in_flight",
			Help: "Requests in flight.",
		}, func() float64 { return float64(inFlight()) }),
		degraded(unavailable),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    name,
		Help:    help,
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}, // seconds
	}, labels)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// request counts a request. The route is a pattern of the mux, so that callers
// cannot create labels.
func (m *metrics) request(route string, status int, outcome string, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status), outcome).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// exchange counts an exchange by its result.
func (m *metrics) exchange(result obo.Result, err error) {
	label := "made"
	switch {
	case result.Cached:
		label = "cached"
	case result.Challenge != nil:
		label = "challenge"
	case err != nil:
		label = "failed"
	}
	m.exchanges.WithLabelValues(label).Inc()
}

// degraded is a collector with one gauge for each optional dependency that is
// unavailable.
type degraded func() []string

// Describe sends the description of the gauges (prometheus.Collector).
func (d degraded) Describe(descs chan<- *prometheus.Desc) { descs <- d.desc() }

// Collect sends a gauge for each name (prometheus.Collector).
func (d degraded) Collect(gauges chan<- prometheus.Metric) {
	for _, name := range d() {
		gauges <- prometheus.MustNewConstMetric(d.desc(), prometheus.GaugeValue, 1, name)
	}
}

func (degraded) desc() *prometheus.Desc {
	const help = "Optional dependencies that are unavailable."
	return prometheus.NewDesc("profilectl_degraded", help, []string{"part"}, nil)
}
