package arch

// floors number the packages of the house. A package imports only lower ones.
// The sandbox is the house across the street, with floors of its own.
var floors = map[string]int{
	"cmd/profilectl": 5,

	"internal/cli": 4,

	"internal/serve": 3,

	"internal/auth": 2, "internal/bearer": 2, "internal/draft": 2, "internal/history": 2, "internal/graph": 2, "internal/midtier": 2, "internal/obo": 2,

	"internal/aadsts": 1, "internal/authority": 1, "internal/challenge": 1, "internal/config": 1, "internal/output": 1,
	"internal/problem": 1, "internal/profile": 1, "internal/terminal": 1, "internal/tokenstore": 1, "internal/upstream": 1,

	"internal/bounded": 0, "internal/fault": 0, "internal/muted": 0, "internal/nearest": 0, "internal/reload": 0, "internal/shared": 1, "internal/shared/redistest": 0, "internal/statefile": 0, "internal/tracing": 0, "api": 0,

	"sandbox":                    3,
	"sandbox/internal/graph":     2,
	"sandbox/internal/sts":       1,
	"sandbox/internal/token":     0,
	"sandbox/internal/directory": -1,
	"sandbox/control":            0,
	"sandbox/loopback":           0,
	"sandbox/robot":              0,
}

const msal = "github.com/AzureAD/microsoft-authentication-library-for-go/apps/"

// may lists what each package imports beyond the standard library. Adding a
// line is a design decision: MSAL is for auth, obo and its cache alone, cobra
// for cli, huh for terminal, the keyring for tokenstore.
var may = map[string][]string{
	"cmd/profilectl": {"internal/cli"},

	"internal/cli": {
		"internal/auth", "internal/authority", "internal/bearer", "internal/challenge", "internal/config", "internal/draft", "internal/fault",
		"internal/graph", "internal/history", "internal/midtier", "internal/muted", "internal/nearest", "internal/obo", "internal/output", "internal/profile", "internal/serve", "internal/shared", "internal/statefile",
		"internal/terminal", "internal/tokenstore", "internal/tracing", "internal/upstream",
		"sandbox", "sandbox/loopback", "sandbox/robot",
		"github.com/spf13/cobra", "github.com/spf13/pflag", "go.yaml.in/yaml/v3",
	},

	"internal/serve": {
		"api", "internal/bearer", "internal/bounded", "internal/challenge", "internal/fault", "internal/graph", "internal/obo", "internal/problem",
		"internal/profile", "internal/reload", "internal/shared", "internal/tracing", "internal/upstream",
		"github.com/prometheus/client_golang/prometheus", "github.com/prometheus/client_golang/prometheus/collectors",
		"github.com/prometheus/client_golang/prometheus/promhttp", "golang.org/x/time/rate", "github.com/google/uuid",
	},

	"internal/auth": {
		"internal/aadsts", "internal/authority", "internal/challenge", "internal/fault", "internal/tokenstore", "internal/upstream",
		msal + "public", msal + "errors", msal + "cache",
	},
	"internal/bearer": {
		"internal/authority", "internal/bounded", "internal/challenge", "internal/fault",
		"github.com/MicahParks/jwkset", "github.com/golang-jwt/jwt/v5", "golang.org/x/time/rate",
	},
	"internal/draft":   {"internal/fault", "internal/profile", "go.yaml.in/yaml/v3"},
	"internal/history": {"internal/profile", "internal/statefile", "github.com/gofrs/flock"},
	"internal/graph":   {"internal/challenge", "internal/fault", "internal/profile", "internal/upstream"},
	"internal/midtier": {"internal/challenge", "internal/fault", "internal/problem", "internal/profile", "internal/upstream"},
	"internal/obo": {
		"internal/aadsts", "internal/authority", "internal/bounded", "internal/challenge", "internal/fault", "internal/reload", "internal/shared", "internal/upstream",
		msal + "confidential", msal + "errors", "golang.org/x/sync/singleflight", "software.sslmate.com/src/go-pkcs12",
	},

	"internal/aadsts":    {"internal/fault"},
	"internal/authority": {"internal/fault"},
	"internal/challenge": {},
	"internal/config":    {"internal/fault", "internal/nearest", "internal/statefile", "github.com/gofrs/flock", "go.yaml.in/yaml/v3"},
	"internal/output": {
		"internal/fault", "github.com/itchyny/gojq", "github.com/jmespath-community/go-jmespath", "github.com/mattn/go-runewidth", "go.yaml.in/yaml/v3",
	},
	"internal/problem":  {"internal/fault"},
	"internal/profile":  {"internal/fault", "internal/nearest", "golang.org/x/text/unicode/norm"},
	"internal/terminal": {"internal/fault", "github.com/charmbracelet/huh", "github.com/pkg/browser", "golang.org/x/term"},
	"internal/tokenstore": {
		"internal/fault", "internal/statefile", msal + "cache", "github.com/godbus/dbus/v5", "github.com/gofrs/flock", "github.com/zalando/go-keyring",
	},
	"internal/upstream": {"internal/fault", "internal/tracing", "github.com/sony/gobreaker/v2"},
	"internal/tracing": {
		"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/exporters/otlp/otlptrace",
		"go.opentelemetry.io/otel/propagation", "go.opentelemetry.io/otel/sdk/resource", "go.opentelemetry.io/otel/sdk/trace",
		"go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/trace/noop", "go.opentelemetry.io/proto/otlp/trace/v1", "google.golang.org/protobuf/proto",
	},
	"internal/bounded":          {},
	"internal/shared/redistest": {},
	"internal/shared":           {"internal/bounded", "internal/fault", "internal/reload", "github.com/redis/go-redis/v9", "github.com/redis/go-redis/v9/logging", "github.com/sony/gobreaker/v2"},
	"internal/reload":           {},
	"internal/fault":            {},
	"internal/nearest":          {},
	"internal/statefile":        {},
	"internal/muted":            {}, // must stay so: it has to be initialised first
	"api":                       {},

	"sandbox":                    {"sandbox/control", "sandbox/internal/directory", "sandbox/internal/graph", "sandbox/internal/sts", "sandbox/internal/token"},
	"sandbox/internal/graph":     {"sandbox/internal/directory", "sandbox/internal/sts", "sandbox/internal/token"},
	"sandbox/internal/sts":       {"sandbox/control", "sandbox/internal/directory", "sandbox/internal/token", "github.com/golang-jwt/jwt/v5", "github.com/google/uuid"},
	"sandbox/internal/token":     {"sandbox/internal/directory", "github.com/golang-jwt/jwt/v5"},
	"sandbox/internal/directory": {},
	"sandbox/control":            {}, // public: clients of a running sandbox import it alone
	"sandbox/loopback":           {"github.com/gofrs/flock"},
	"sandbox/robot":              {"golang.org/x/net/html", "golang.org/x/net/html/atom"},
}
