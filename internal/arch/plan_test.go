package arch

import (
	"slices"
	"strings"
	"testing"
)

const msal = "github.com/AzureAD/microsoft-authentication-library-for-go/apps/"

// entry is the place of a package in the plan.
type entry struct {
	layer   int      // a package imports only lower layers
	imports []string // what it may import beyond the standard library
}

// plan returns the entry of every package. Adding an import is a design
// decision: MSAL is for auth, obo and its cache alone, cobra for cli, huh for
// terminal, the keyring for tokenstore. The sandbox has layers of its own.
func plan() map[string]entry {
	return map[string]entry{
		"cmd/profilectl": {layer: 8, imports: []string{"internal/cli"}},
		"internal/cli": {layer: 7, imports: []string{
			"internal/auth",
			"internal/authority",
			"internal/bundle",
			"internal/challenge",
			"internal/config",
			"internal/doctor",
			"internal/draft",
			"internal/explain",
			"internal/fault",
			"internal/graph",
			"internal/guid",
			"internal/history",
			"internal/loopback",
			"internal/manual",
			"internal/midtier",
			"internal/muted",
			"internal/nearest",
			"internal/output",
			"internal/playground",
			"internal/profile",
			"internal/serve",
			"internal/setup",
			"internal/statefile",
			"internal/terminal",
			"internal/tokenstore",
			"internal/upstream",
			"internal/wireshape",
			"sandbox",
			"sandbox/control",
			"github.com/spf13/cobra",
			"github.com/spf13/pflag",
			"go.yaml.in/yaml/v3",
		}},
		"internal/playground": {layer: 6, imports: []string{
			"internal/errorlog",
			"internal/fault",
			"internal/serve",
			"internal/statefile",
			"internal/upstream",
			"sandbox",
			"sandbox/control",
			"sandbox/loopback",
			"sandbox/robot",
		}},
		"internal/auditlog": {layer: 2, imports: []string{
			"internal/fault",
			"internal/statefile",
		}},
		"internal/serve": {layer: 5, imports: []string{
			"api",
			"internal/attributes",
			"internal/auditlog",
			"internal/authority",
			"internal/bearer",
			"internal/bounded",
			"internal/challenge",
			"internal/errorlog",
			"internal/fault",
			"internal/graph",
			"internal/guid",
			"internal/loopback",
			"internal/neterr",
			"internal/obo",
			"internal/pace",
			"internal/probe",
			"internal/problem",
			"internal/profile",
			"internal/reload",
			"internal/shared",
			"internal/tracing",
			"internal/upstream",
			"github.com/google/uuid",
			"github.com/prometheus/client_golang/prometheus",
			"github.com/prometheus/client_golang/prometheus/collectors",
			"github.com/prometheus/client_golang/prometheus/promhttp",
			"github.com/rs/cors",
			"golang.org/x/time/rate",
		}},
		"internal/auth": {layer: 4, imports: []string{
			"internal/aadsts",
			"internal/authority",
			"internal/challenge",
			"internal/fault",
			"internal/loopback",
			"internal/neterr",
			"internal/tokenstore",
			msal + "cache",
			msal + "public",
		}},
		"internal/bearer": {layer: 3, imports: []string{
			"internal/authority",
			"internal/bounded",
			"internal/challenge",
			"internal/fault",
			"internal/guid",
			"github.com/MicahParks/jwkset",
			"github.com/golang-jwt/jwt/v5",
			"golang.org/x/time/rate",
		}},
		"internal/attributes": {layer: 3, imports: []string{
			"internal/fault",
			"internal/nearest",
			"internal/profile",
			"go.yaml.in/yaml/v3",
		}},
		"internal/draft": {layer: 3, imports: []string{
			"internal/fault",
			"internal/profile",
			"go.yaml.in/yaml/v3",
		}},
		"internal/graph": {layer: 3, imports: []string{
			"internal/challenge",
			"internal/fault",
			"internal/guid",
			"internal/profile",
			"internal/upstream",
		}},
		"internal/history": {layer: 3, imports: []string{
			"internal/profile",
			"internal/statefile",
			"github.com/gofrs/flock",
		}},
		"internal/pace": {layer: 3, imports: []string{
			"internal/fault",
			"internal/upstream",
		}},
		"internal/manual": {layer: 0, imports: []string{
			"github.com/spf13/cobra",
			"github.com/spf13/pflag",
		}},
		"internal/midtier": {layer: 3, imports: []string{
			"internal/challenge",
			"internal/fault",
			"internal/loopback",
			"internal/problem",
			"internal/profile",
			"internal/upstream",
		}},
		"internal/obo": {layer: 4, imports: []string{
			"internal/aadsts",
			"internal/authority",
			"internal/bounded",
			"internal/challenge",
			"internal/fault",
			"internal/reload",
			"internal/pace",
			"internal/shared",
			"internal/upstream",
			msal + "confidential",
			"software.sslmate.com/src/go-pkcs12",
		}},
		"internal/doctor": {layer: 6, imports: []string{
			"internal/aadsts",
			"internal/auth",
			"internal/authority",
			"internal/challenge",
			"internal/config",
			"internal/fault",
			"internal/graph",
			"internal/loopback",
			"internal/serve",
			"internal/upstream",
		}},
		"internal/setup": {layer: 5, imports: []string{
			"internal/aadsts",
			"internal/auth",
			"internal/authority",
			"internal/fault",
			"internal/guid",
			"internal/statefile",
			"internal/upstream",
		}},
		"internal/explain": {layer: 4, imports: []string{
			"internal/aadsts",
			"internal/fault",
			"internal/graph",
		}},
		"internal/aadsts": {layer: 3, imports: []string{
			"internal/challenge",
			"internal/fault",
			"internal/upstream",
			msal + "errors",
		}},
		"internal/authority": {layer: 2, imports: []string{
			"internal/fault",
			"internal/guid",
			"internal/loopback",
		}},
		"internal/bundle":    {layer: 1, imports: []string{"internal/fault"}},
		"internal/challenge": {layer: 2},
		"internal/config": {layer: 2, imports: []string{
			"internal/fault",
			"internal/guid",
			"internal/loopback",
			"internal/nearest",
			"internal/statefile",
			"github.com/gofrs/flock",
			"go.yaml.in/yaml/v3",
		}},
		"internal/output": {layer: 2, imports: []string{
			"internal/fault",
			"github.com/itchyny/gojq",
			"github.com/jmespath-community/go-jmespath",
			"github.com/mattn/go-runewidth",
			"go.yaml.in/yaml/v3",
		}},
		"internal/problem": {layer: 2, imports: []string{"internal/fault"}},
		"internal/profile": {layer: 2, imports: []string{
			"internal/fault",
			"internal/nearest",
			"golang.org/x/text/unicode/norm",
		}},
		"internal/shared": {layer: 2, imports: []string{
			"internal/bounded",
			"internal/fault",
			"internal/reload",
			"github.com/redis/go-redis/v9",
			"github.com/redis/go-redis/v9/logging",
			"github.com/sony/gobreaker/v2",
		}},
		"internal/terminal": {layer: 2, imports: []string{
			"internal/fault",
			"github.com/charmbracelet/bubbletea",
			"github.com/charmbracelet/huh",
			"github.com/mattn/go-runewidth",
			"github.com/pkg/browser",
			"golang.org/x/term",
		}},
		"internal/tokenstore": {layer: 2, imports: []string{
			"internal/fault",
			"internal/statefile",
			msal + "cache",
			"github.com/godbus/dbus/v5",
			"github.com/gofrs/flock",
			"github.com/zalando/go-keyring",
		}},
		"internal/wireshape": {layer: 1},
		"internal/upstream": {layer: 2, imports: []string{
			"internal/fault",
			"internal/neterr",
			"internal/tracing",
			"github.com/sony/gobreaker/v2",
		}},
		"api":               {layer: 0},
		"internal/bounded":  {layer: 0},
		"internal/fault":    {layer: 0},
		"internal/errorlog": {layer: 0},
		"internal/guid":     {layer: 0, imports: []string{"github.com/google/uuid"}},
		"internal/loopback": {layer: 1, imports: []string{"internal/neterr"}},
		"internal/neterr":   {layer: 0, imports: []string{"golang.org/x/sys/windows"}},
		// muted imports nothing, so that it is initialized first (docs/explanation/adr/0006).
		"internal/muted":            {layer: 0},
		"internal/nearest":          {layer: 0},
		"internal/probe":            {layer: 0},
		"internal/reload":           {layer: 0},
		"internal/shared/redistest": {layer: 0},
		"internal/statefile":        {layer: 0},
		"internal/tracing": {layer: 0, imports: []string{
			"github.com/go-logr/logr",
			"go.opentelemetry.io/otel",
			"go.opentelemetry.io/otel/attribute",
			"go.opentelemetry.io/otel/codes",
			"go.opentelemetry.io/otel/exporters/otlp/otlptrace",
			"go.opentelemetry.io/otel/propagation",
			"go.opentelemetry.io/otel/sdk/resource",
			"go.opentelemetry.io/otel/sdk/trace",
			"go.opentelemetry.io/otel/trace",
			"go.opentelemetry.io/otel/trace/noop",
			"go.opentelemetry.io/proto/otlp/trace/v1",
			"google.golang.org/protobuf/proto",
		}},
		"sandbox": {layer: 5, imports: []string{
			"sandbox/control",
			"sandbox/internal/audit",
			"sandbox/internal/console",
			"sandbox/internal/directory",
			"sandbox/internal/graph",
			"sandbox/internal/graphadmin",
			"sandbox/internal/sts",
			"sandbox/internal/tenantfile",
			"sandbox/internal/token",
			"github.com/rs/cors",
		}},
		"sandbox/internal/graph": {layer: 4, imports: []string{
			"sandbox/internal/audit",
			"sandbox/internal/directory",
			"sandbox/internal/odata",
			"sandbox/internal/sts",
			"sandbox/internal/token",
		}},
		"sandbox/internal/graphadmin": {layer: 4, imports: []string{
			"sandbox/internal/audit",
			"sandbox/internal/directory",
			"sandbox/internal/odata",
			"sandbox/internal/sts",
		}},
		"sandbox/internal/odata": {layer: 3, imports: []string{
			"sandbox/internal/audit",
			"sandbox/internal/directory",
		}},
		"sandbox/internal/sts": {layer: 3, imports: []string{
			"sandbox/control",
			"sandbox/internal/audit",
			"sandbox/internal/directory",
			"sandbox/internal/token",
			"github.com/golang-jwt/jwt/v5",
			"github.com/google/uuid",
			"golang.org/x/time/rate",
		}},
		"sandbox/internal/console": {layer: 2, imports: []string{"sandbox/control"}},
		"sandbox/internal/audit":   {layer: 2, imports: []string{"sandbox/control"}},
		"sandbox/internal/token": {layer: 2, imports: []string{
			"sandbox/internal/directory",
			"github.com/golang-jwt/jwt/v5",
		}},
		// control is public: clients of a running sandbox import it alone.
		"sandbox/control":             {layer: 0},
		"sandbox/internal/directory":  {layer: 0, imports: []string{"github.com/google/uuid"}},
		"sandbox/internal/tenantfile": {layer: 2, imports: []string{"sandbox/control", "go.yaml.in/yaml/v3"}},
		"sandbox/loopback": {layer: 0, imports: []string{
			"github.com/gofrs/flock",
			"golang.org/x/sys/windows",
		}},
		// sandboxtest is public. It starts the mid-tier, too, which the sandbox must not
		// import, so it alone may import playground.
		"sandbox/sandboxtest": {layer: 7, imports: []string{
			"internal/playground",
			"sandbox",
			"sandbox/control",
			"sandbox/robot",
		}},
		"sandbox/robot": {layer: 0, imports: []string{
			"golang.org/x/net/html",
			"golang.org/x/net/html/atom",
		}},
	}
}

func TestPackagesImportOnlyWhatIsPlanned(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		seen[s.pkg] = true
		entry, ok := plan()[s.pkg]
		if !ok {
			t.Errorf("%s is not in the plan: add it, with its layer and imports", s.pkg)
			continue
		}
		for _, p := range s.imports() {
			host, _, _ := strings.Cut(p, "/")
			if !strings.Contains(host, ".") {
				continue // the standard library
			}
			if !slices.Contains(entry.imports, strings.TrimPrefix(p, module)) {
				t.Errorf("%s: %s must not import %s", s.name, s.pkg, p)
			}
		}
	}
	for pkg := range plan() {
		if !seen[pkg] {
			t.Errorf("%s is in the plan but not in the codebase: remove it", pkg)
		}
	}
}

func TestPlanAllowsImportsOfLowerLayersOnly(t *testing.T) {
	for pkg, entry := range plan() {
		for _, p := range entry.imports {
			imported, ours := plan()[p]
			if ours && entry.layer <= imported.layer {
				t.Errorf("%s (layer %d) may not import %s (layer %d)", pkg, entry.layer, p, imported.layer)
			}
			if p == "internal/playground" && pkg == "sandbox/sandboxtest" {
				continue
			}
			if strings.HasPrefix(pkg, "sandbox") && strings.HasPrefix(p, "internal/") {
				t.Errorf("%s may not import %s: the sandbox shares no code with what it tests", pkg, p)
			}
		}
	}
}
