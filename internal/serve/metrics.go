package serve

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/pace"
)

// metrics are the metrics of one Server, in a registry of their own.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec   // by route, status and outcome
	seconds   *prometheus.HistogramVec // by route
	upstream  *prometheus.HistogramVec // by call: exchange, graph, application_token, attributes
	exchanges *prometheus.CounterVec   // by result: cached, made, merged, challenge, refused, failed
	limited   prometheus.Counter
	unaudited prometheus.Counter
}

// newMetrics returns the metrics, with a gauge for each state of a Server.
func newMetrics(state gauges) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("profilectl_requests_total",
			"Requests, by route, status and outcome.", "route", "status", "outcome"),
		seconds: histogram("profilectl_request_seconds",
			"Time to respond to a request.", "route"),
		upstream: histogram("profilectl_upstream_seconds",
			"Time of a call to Entra (exchange, application_token) or Microsoft Graph (graph, attributes), "+
				"with all retries.", "call"),
		exchanges: counter("profilectl_exchanges_total",
			"On-Behalf-Of exchanges, by result.", "result"),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "profilectl_rate_limited_total",
			Help: "Requests rejected because their user sent too many.",
		}),
		unaudited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "profilectl_audit_failures_total",
			Help: "Entries of the audit log that could not be written.",
		}),
	}
	m.registry.MustRegister(
		m.requests, m.seconds, m.upstream, m.exchanges, m.limited, m.unaudited,
		state,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.start()
	return m
}

// start creates the series that requests can lead to, with the value 0. A series that
// appeared with its first event would hide that event from rate() and increase(), which
// need a value before it.
func (m *metrics) start() {
	m.startRoute(updateRoute)
	for _, call := range []string{"exchange", "graph", "application_token", "attributes"} {
		m.upstream.WithLabelValues(call)
	}
	for _, result := range []string{"cached", "made", "merged", "challenge", "refused", "failed"} {
		m.exchanges.WithLabelValues(result)
	}
}

// startRoute creates the series of a route that makes changes.
func (m *metrics) startRoute(route string) {
	for _, outcome := range outcomes() {
		m.requests.WithLabelValues(route, strconv.Itoa(outcome.status), outcome.name)
	}
	m.seconds.WithLabelValues(route)
}

// outcome is the end of a request as the metrics count it.
type outcome struct {
	status int
	name   string
}

// outcomes returns the outcomes of POST /updateUserInfo. Those of POST /changePassword are
// among them.
func outcomes() []outcome {
	return []outcome{
		{http.StatusNoContent, "done"},
		{http.StatusBadRequest, fault.Usage.String()},
		{http.StatusBadRequest, fault.Invalid.String()},
		{http.StatusUnauthorized, fault.SignIn.String()},
		{http.StatusUnauthorized, fault.StepUp.String()},
		{http.StatusForbidden, fault.Denied.String()},
		{http.StatusRequestTimeout, fault.Unavailable.String()},
		{http.StatusRequestEntityTooLarge, fault.Invalid.String()},
		{http.StatusUnsupportedMediaType, fault.Usage.String()},
		{http.StatusUnprocessableEntity, fault.Invalid.String()},
		{http.StatusTooManyRequests, fault.Unavailable.String()},
		{statusDisconnected, fault.Canceled.String()},
		{http.StatusInternalServerError, fault.Internal.String()},
		{http.StatusBadGateway, fault.Denied.String()},
		{http.StatusBadGateway, fault.Internal.String()},
		{http.StatusBadGateway, partial},
		{http.StatusServiceUnavailable, fault.Unavailable.String()},
		{http.StatusGatewayTimeout, fault.Unavailable.String()},
	}
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

// exchange counts an exchange by its result. That of a caller who has disconnected has none.
func (m *metrics) exchange(result obo.Result, err error) {
	if err != nil && fault.As(err).Kind == fault.Canceled {
		return
	}
	label := "made"
	switch {
	case errors.Is(err, pace.ErrNoTurn):
		label = "refused"
	case result.Merged && err == nil && result.Challenge == nil:
		label = "merged"
	case result.Cached:
		label = "cached"
	case result.Challenge != nil:
		label = "challenge"
	case err != nil:
		label = "failed"
	}
	m.exchanges.WithLabelValues(label).Inc()
}
