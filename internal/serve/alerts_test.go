package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rules are the alert rules in deploy/alerts.
type rules struct {
	Groups []struct {
		Rules []rule
	}
}

type rule struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

// ruleTests are the tests of the alert rules, as promtool reads them.
type ruleTests struct {
	Tests []struct {
		Cases []struct {
			Alert    string           `yaml:"alertname"`
			Expected []map[string]any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

const (
	alertDirectory = "../../deploy/alerts/"
	dashboardFile  = "../../deploy/dashboard/profilectl.json"
)

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal(readFile(t, file), into); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readRules(t *testing.T) []rule {
	t.Helper()
	var file rules
	readYAML(t, alertDirectory+"profilectl.rules.yml", &file)
	var all []rule
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

// promtool runs promtool, the tool of Prometheus that checks rules.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("PROFILECTL_TEST_REQUIRE") != "" {
			t.Fatal("promtool is not installed")
		}
		t.Skip("promtool is not installed")
	}
	if out, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestAlertRulesPassTheirTests(t *testing.T) {
	promtool(t, "check", "rules", alertDirectory+"profilectl.rules.yml")
	promtool(t, "test", "rules", alertDirectory+"profilectl.test.yml")
}

// TestAlertRulesAreTestedBothWays checks that each alert has a test in which it fires and
// one in which it does not.
func TestAlertRulesAreTestedBothWays(t *testing.T) {
	var file ruleTests
	readYAML(t, alertDirectory+"profilectl.test.yml", &file)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		last := test.Cases[len(test.Cases)-1] // the ones before it find the alert pending
		if len(last.Expected) > 0 {
			fires[last.Alert] = true
		} else {
			quiet[last.Alert] = true
		}
	}
	for _, r := range readRules(t) {
		if !fires[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: tested firing %v, not firing %v", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
	}
}

// TestAlertRulesNameTheirSectionOfTheRunbook checks that every alert has its section, and
// every section its alert.
func TestAlertRulesNameTheirSectionOfTheRunbook(t *testing.T) {
	const page = "https://github.com/profilectl/profilectl/blob/main/docs/how-to/runbook.md#"
	var alerts, sections []string
	for _, r := range readRules(t) {
		alerts = append(alerts, r.Alert)
		if want := page + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s: got runbook_url %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s has no summary or no description", r.Alert)
		}
		if severity := r.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s: got severity %q", r.Alert, severity)
		}
	}
	runbook := readFile(t, "../../docs/how-to/runbook.md")
	for _, match := range regexp.MustCompile(`(?m)^## (Profilectl\w+)$`).FindAllSubmatch(runbook, -1) {
		sections = append(sections, string(match[1]))
	}
	if !slices.Equal(alerts, sections) {
		t.Errorf("the alerts are\n%v\nand the sections\n%v", alerts, sections)
	}
}

// dashboard is the part of a Grafana dashboard that holds queries.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct {
			Expr         string
			LegendFormat string
		}
	}
	Templating struct {
		List []struct{ Name, Query string }
	}
}

// dashboardQueries returns the queries of the dashboard, with the variables replaced as
// Grafana does, and the label names in each query's legend.
func dashboardQueries(t *testing.T) []query {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(readFile(t, dashboardFile), &d); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$job", ".+")
	legend := regexp.MustCompile(`\{\{(\w+)\}\}`)
	var all []query
	for _, panel := range d.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("%s: no query", panel.Title)
		}
		for _, target := range panel.Targets {
			q := query{name: "panel " + panel.Title, expr: variables.Replace(target.Expr)}
			for _, match := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				q.labels = append(q.labels, match[1])
			}
			all = append(all, q)
		}
	}
	values := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	for _, variable := range d.Templating.List {
		if m := values.FindStringSubmatch(variable.Query); m != nil {
			all = append(all, query{name: "variable " + variable.Name, expr: m[1], labels: m[2:]})
		}
	}
	return all
}

// TestDashboardQueriesAreValid checks the syntax and the types of the queries with
// promtool, which checks queries in rules.
func TestDashboardQueriesAreValid(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for i, q := range dashboardQueries(t) {
		fmt.Fprintf(&text, "      - record: query:%d\n        expr: %q\n", i, q.expr)
	}
	file := filepath.Join(t.TempDir(), "dashboard.rules.yml")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}
