package serve_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
)

// query is a PromQL query.
type query struct {
	name   string
	expr   string
	labels []string // used beside the query
}

// metricSeries are the label sets of the series of each metric.
type metricSeries map[string][]map[string]string

var (
	sample   = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`)
	label    = regexp.MustCompile(`(\w+)="([^"]*)"`)
	selector = regexp.MustCompile(`(\w+)\s*\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`^(\w+)(=~|!=|=)"([^"]*)"$`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	duration = regexp.MustCompile(`\[\w+\]`)
	word     = regexp.MustCompile(`\b[a-zA-Z_]\w*`)
)

// parseMetrics returns the series of a scrape as Prometheus stores them: with the labels
// job and instance, and with up.
func parseMetrics(text string) metricSeries {
	all := metricSeries{}
	for _, match := range sample.FindAllStringSubmatch(text+"\nup 1\n", -1) {
		labels := map[string]string{"job": "profilectl", "instance": "localhost:9001"}
		for _, l := range label.FindAllStringSubmatch(match[2], -1) {
			labels[l[1]] = l[2]
		}
		all[match[1]] = append(all[match[1]], labels)
	}
	return all
}

// check returns the metrics that a query uses, and what it uses that does not exist. Every
// word of a query must be known, so that a misspelled metric is not overlooked.
func (m metricSeries) check(q query) (used []string, problems []string) {
	expr := selector.ReplaceAllStringFunc(q.expr, func(s string) string {
		parts := selector.FindStringSubmatch(s)
		problems = append(problems, m.checkMatchers(parts[1], parts[2])...)
		return parts[1]
	})
	labels := slices.Clone(q.labels)
	expr = grouping.ReplaceAllStringFunc(expr, func(s string) string {
		labels = append(labels, word.FindAllString(grouping.FindStringSubmatch(s)[1], -1)...)
		return ""
	})
	functions := strings.Fields(
		"absent and histogram_quantile increase max max_over_time min min_over_time or rate sum time")
	for _, name := range word.FindAllString(duration.ReplaceAllString(expr, ""), -1) {
		switch {
		case slices.Contains(functions, name):
		case m[name] == nil:
			problems = append(problems, name+" is neither a metric nor a known function")
		default:
			used = append(used, name)
			problems = append(problems, m.checkLabels(name, labels)...)
		}
	}
	if len(used) == 0 {
		problems = append(problems, "no metric was found")
	}
	return used, problems
}

// checkLabels returns the labels that a metric does not have.
func (m metricSeries) checkLabels(metric string, labels []string) (problems []string) {
	for _, name := range labels {
		if !slices.ContainsFunc(m[metric], func(s map[string]string) bool { return s[name] != "" }) {
			problems = append(problems, metric+" has no label "+name)
		}
	}
	return problems
}

// checkMatchers returns the matchers of a selector that no series of the metric matches.
// Each alternative of a regular expression must match one.
func (m metricSeries) checkMatchers(metric, matchers string) (problems []string) {
	for text := range strings.SplitSeq(matchers, ",") {
		parts := matcher.FindStringSubmatch(strings.TrimSpace(text))
		if parts == nil {
			problems = append(problems, "cannot read the matcher "+text)
			continue
		}
		values := []string{parts[3]}
		if parts[2] == "=~" {
			values = strings.Split(parts[3], "|")
		}
		for _, value := range values {
			pattern := regexp.MustCompile("^(?:" + value + ")$")
			matches := func(s map[string]string) bool {
				got := s[parts[1]]
				switch parts[2] {
				case "=":
					return got == value
				case "!=":
					return got != "" && got != value
				}
				return pattern.MatchString(got)
			}
			if !slices.ContainsFunc(m[metric], matches) {
				problems = append(problems,
					fmt.Sprintf("no series of %s has %s%s%q", metric, parts[1], parts[2], value))
			}
		}
	}
	return problems
}

// TestQueriesUseMetricsThatServeHas checks the alert rules and the dashboard against the
// metrics of mid-tiers that have served requests.
func TestQueriesUseMetricsThatServeHas(t *testing.T) {
	series := parseMetrics(scrapes(t))
	queries := dashboardQueries(t)
	for _, r := range readRules(t) {
		queries = append(queries, query{name: r.Alert, expr: r.Expr})
	}
	all := map[string]bool{}
	for _, q := range queries {
		used, problems := series.check(q)
		for _, name := range used {
			all[name] = true
		}
		for _, problem := range problems {
			t.Errorf("%s: %s\n%s", q.name, problem, q.expr)
		}
	}
	for name := range series {
		base := strings.NewReplacer("_sum", "", "_count", "", "_bucket", "").Replace(name)
		if strings.HasPrefix(name, "profilectl_") && !all[name] && !all[base+"_bucket"] {
			t.Errorf("neither an alert nor the dashboard uses %s", name)
		}
	}
	t.Logf("%d queries use %d metrics: %v", len(queries), len(all), slices.Sorted(maps.Keys(all)))
}

// TestQueryCheckFindsMistakes checks queries with one mistake each.
func TestQueryCheckFindsMistakes(t *testing.T) {
	series := parseMetrics(`profilectl_exchanges_total{result="made"} 1
profilectl_exchanges_total{result="failed"} 0
profilectl_ready 1
`)
	for _, c := range []struct{ expr, problem string }{
		{`sum by (job, result) (rate(profilectl_exchanges_total{result=~"made|failed"}[5m])) > 0`, ""},
		{`profilectl_ready{job="profilectl"} == 0 or up == 0`, ""},
		{`profilectl_exchange_total`, "neither a metric"},
		{`sum(rate(profilectl_exchanges_total{result="refused"}[5m]))`, "no series"},
		{`sum(rate(profilectl_exchanges_total{result=~"made|lost"}[5m]))`, "no series"},
		{`profilectl_exchanges_total{outcome!="made"}`, "no series"},
		{`sum by (reason) (profilectl_exchanges_total)`, "no label reason"},
		{`profilectl_exchanges_total{result!~"made"}`, "cannot read"},
		{`time()`, "no metric"},
	} {
		_, problems := series.check(query{expr: c.expr})
		got := strings.Join(problems, "; ")
		if (c.problem == "") != (got == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%s: got %q, want %q", c.expr, got, c.problem)
		}
	}
}

// scrapes returns the metrics of two mid-tiers that differ in their credential. The first
// also has a TLS certificate, changes of passwords, and a shared cache, which is unavailable,
// and the second has custom attributes.
func scrapes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	writeCertificate(t, file("tls.pem"), file("tls.key"), time.Now().Add(time.Hour))
	writeClientCertificate(t, file("client.pem"), time.Now().Add(time.Hour))
	writeText(t, file("attributes.yaml"), attributesFile)
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if err := os.WriteFile(file("cache.key"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := newWorld(t, func(s *serve.Settings) {
		s.AllowPasswordChange = true
		s.Credential.SecretExpires = time.Now().Add(time.Hour)
		s.Attributes.Credential.SecretExpires = time.Now().Add(time.Hour)
		s.Listen.Certificate, s.Listen.Key = file("tls.pem"), file("tls.key")
		s.Listen.Public, s.Listen.Admin = "localhost:0", "localhost:0"
		s.Cache = serve.CacheSettings{Address: "redis://localhost:1/0", KeyFile: file("cache.key")}
	})
	listeners, err := secret.server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, l := range slices.Concat(listeners.Public, listeners.Admin) {
			_ = l.Close()
		}
	})
	secret.post(howTo, secret.strong)
	secret.post(howTo, secret.weak)
	certificate := newWorldOverTLS(t, func(s *serve.Settings) {
		s.Credential = serve.CredentialSettings{Certificate: file("client.pem")}
		s.Attributes = serve.AttributesSettings{
			File:       file("attributes.yaml"),
			ClientID:   applicationID,
			Credential: s.Credential,
		}
	})
	return secret.admin("/metrics") + certificate.admin("/metrics")
}

// writeClientCertificate writes a client certificate that expires at a time, and its key, to
// one file.
func writeClientCertificate(t *testing.T, file string, expires time.Time) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: expires}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if err := os.WriteFile(file, append(text, pem.EncodeToMemory(block)...), 0o600); err != nil {
		t.Fatal(err)
	}
}
