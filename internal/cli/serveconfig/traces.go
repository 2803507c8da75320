package serveconfig

import (
	"cmp"
	"log/slog"
	"strings"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/serve"
)

// traceSettings returns where serve sends traces. Variables that begin with OTEL_ are
// often injected for another program. If serve cannot follow one of them, it logs why
// and sends no traces, but it serves.
func traceSettings(s config.Settings, env command.Env, log *slog.Logger) serve.TraceSettings {
	const disabled = "OTEL_SDK_DISABLED"
	if strings.EqualFold(strings.TrimSpace(env.Getenv(disabled)), "true") {
		if s.Configured("otlp-endpoint") {
			log.Info("no traces are sent", "variable", disabled, "reason", "it is true")
		}
		return serve.TraceSettings{}
	}
	if s.FromPlatform("otlp-endpoint") {
		if variable, reason := unusableCollector(env.Getenv); variable != "" {
			log.Warn("no traces are sent",
				"variable", variable,
				"reason", reason,
				"fix", "set PROFILECTL_SERVE_OTLP_ENDPOINT to a collector that accepts OTLP over HTTP")
			return serve.TraceSettings{}
		}
	}
	return serve.TraceSettings{
		Endpoint: s.Text("otlp-endpoint"),
		Headers:  s.Secret("otlp-headers").Reveal(),
		Lenient:  s.FromPlatform("otlp-headers"),
	}
}

// unusableCollector returns the variable that says that the collector of the platform
// does not accept traces over HTTP, and why; or empty strings (OpenTelemetry
// specification, "Environment Variable Specification" and "OTLP Exporter").
func unusableCollector(getenv func(string) string) (variable, reason string) {
	const exporter = "OTEL_TRACES_EXPORTER"
	if name := getenv(exporter); name != "" && !strings.Contains(name, "otlp") {
		return exporter, "it names no OTLP exporter"
	}
	const forTraces, forAll = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
	protocol := strings.TrimSpace(cmp.Or(getenv(forTraces), getenv(forAll)))
	if protocol == "" || strings.HasPrefix(protocol, "http/") { // a collector accepts both encodings
		return "", ""
	}
	variable = forAll
	if getenv(forTraces) != "" {
		variable = forTraces
	}
	return variable, "only OTLP over HTTP is supported, and it is " + command.Quote(protocol)
}
