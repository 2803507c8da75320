package serve

import (
	"context"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges is a collector that reads the state of a Server at each scrape.
type gauges struct{ server *Server }

// Describe sends no descriptions (prometheus.Collector): which gauges there are depends
// on the settings and on the hosts to which requests were sent.
func (gauges) Describe(chan<- *prometheus.Desc) {}

// Collect sends the gauges (prometheus.Collector).
func (g gauges) Collect(metrics chan<- prometheus.Metric) {
	s := g.server
	send := func(name, help string, value float64, labels prometheus.Labels) {
		desc := prometheus.NewDesc(name, help, nil, labels)
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	send("profilectl_build_info", "The build, in its labels; the value is always 1.", 1, prometheus.Labels{
		"version":   s.settings.Version,
		"revision":  s.settings.Revision,
		"goversion": runtime.Version(),
	})
	send("profilectl_ready", "Whether requests should be sent to this replica: 0 or 1.",
		boolean(s.isReady(context.Background())), nil)
	send("profilectl_credential_rejected", "Whether the tenant rejects the credential: 0 or 1.",
		boolean(s.tenant.Load().rejected()), nil)
	send("profilectl_last_reload_successful", "Whether the current files and settings are in use: 0 or 1.",
		boolean(s.reloaded()), nil)
	send("profilectl_requests_in_flight", "Requests in flight.", float64(len(s.slots)), nil)
	for _, part := range s.parts.optional() {
		const help = "Whether an optional dependency is unavailable: 0 or 1."
		send("profilectl_degraded", help, boolean(part.unavailable), prometheus.Labels{"part": part.name})
	}
	for what, at := range s.expiries() {
		if at.IsZero() {
			continue
		}
		const help = "When a credential or certificate expires, in Unix time."
		send("profilectl_expiry_timestamp_seconds", help, float64(at.Unix()), prometheus.Labels{"what": what})
	}
}

// expiries returns when the credentials expire, by name. A time that is unknown is zero.
func (s *Server) expiries() map[string]time.Time {
	live := s.live.Load()
	all := map[string]time.Time{
		"client certificate":       s.credential.Expires(),
		"client secret":            live.secretExpires,
		"attributes client secret": live.attributesSecretExpires,
		"TLS certificate":          s.certificateExpires(),
	}
	if a := s.parts.attributes; a != nil && a.credential != nil {
		all["attributes client certificate"] = a.credential.Expires()
	}
	return all
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
