package serve

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Settings configure a mid-tier. Authority, ClientID and Credential must be set;
// the zero value of every other field is a documented default. Settings hold
// secrets: do not log them.
type Settings struct {
	// Authority is the tenant: its subdomain, its id, one of its domains, or a URL.
	Authority string
	// TenantID is the tenant's id. It completes an Authority that is only a host, and
	// Open fails if the tenant has another id. Empty skips both.
	TenantID string
	// ClientID is the client id of the mid-tier.
	ClientID string
	// Audiences are the accepted values of the aud claim of access tokens; empty is
	// ClientID and api://ClientID. A v1 token has the App ID URI of the registration
	// there, which can have another form.
	Audiences []string
	// Credential authenticates the mid-tier to the tenant.
	Credential CredentialSettings
	// AllowPasswordChange lets users change their own password. The mid-tier needs admin
	// consent for Directory.AccessAsUser.All then.
	AllowPasswordChange bool
	// Attributes let users change custom attributes; the zero value is none.
	Attributes AttributesSettings

	// Graph is the address of Microsoft Graph; empty is https://graph.microsoft.com.
	Graph string
	// CAFile is a PEM file with CAs that are trusted in addition to the system's;
	// empty is none.
	CAFile string
	// HTTP sends the requests to the tenant and to Graph. Nil is a client with
	// retries, one circuit breaker for each host, tracing, and the CAs of CAFile.
	HTTP *http.Client
	// Version is the version of this program, for the User-Agent header and for
	// traces; empty is "devel".
	Version string
	// Revision is the commit that this program was built from, for its metrics; empty is
	// "unknown".
	Revision string

	// AuthContext is an authentication context, such as "c1", that the acrs claim of
	// access tokens must hold; empty is none.
	AuthContext string
	// MaxAge is how long ago the caller may have signed in, by the auth_time claim of
	// the access token; zero is any time. Tokens have that claim only if the API's
	// registration requests it. A token without the claim is accepted.
	MaxAge time.Duration

	// Timeout limits one request, with all calls that it makes; zero is 15 seconds.
	Timeout time.Duration
	// Rate is the number of requests that one user may send in a minute; zero is no
	// limit.
	Rate int
	// ExchangeRate is the number of requests that are sent to the tenant in a second.
	// Users take turns, and those who cannot have one in time are rejected. Zero is no
	// limit.
	ExchangeRate int
	// Egress is the name of the address from which requests reach the tenant. All replicas
	// with the same name share one ExchangeRate. It needs a Cache. Empty is an address
	// that this replica has for itself.
	Egress string
	// MaxInFlight is the number of requests that are processed at the same time; more
	// are rejected. Zero is 512.
	MaxInFlight int
	// MaxWaiting is the number of requests that wait for their turn at the tenant without
	// counting as in flight; more count. Zero is 2048, and a negative number is none.
	MaxWaiting int

	// AllowOrigin reports whether scripts of an origin, such as
	// https://app.contoso.com, may call the mid-tier from a browser (CORS). Nil is no
	// origin. It must be safe for concurrent use.
	AllowOrigin func(origin string) bool

	// Listen is where the mid-tier listens. Only Server.Listen uses it.
	Listen ListenSettings
	// DrainDelay is how long Server.Run keeps serving, but reports that it is not
	// ready, before it stops: the time that a load balancer needs to notice.
	DrainDelay time.Duration
	// NotifySocket is the socket on which systemd expects notifications, the value
	// of NOTIFY_SOCKET; empty is none.
	NotifySocket string
	// ProbeInterval is the time between two checks of the credential while the tenant
	// rejects it, which the mid-tier reports as not ready. Zero never checks it.
	ProbeInterval time.Duration
	// Profiling adds Go's profiler to the admin routes.
	Profiling bool

	// AuditLog is the file that records who changed which fields; empty is none.
	AuditLog string

	// Cache is shared by replicas; the zero value is none.
	Cache CacheSettings
	// Traces are sent to an OpenTelemetry collector; the zero value is none.
	Traces TraceSettings
}

// CredentialSettings name the credential of the mid-tier. Exactly one of Secret,
// SecretFile, Certificate and FederatedTokenFile must be set. A file is read again
// when it changes.
type CredentialSettings struct {
	// Secret is a client secret.
	Secret string
	// SecretFile is a file that holds a client secret.
	SecretFile string
	// Certificate is a PEM or PFX file with a certificate and its RSA key.
	Certificate string
	// CertificatePassword is the password of a PFX file; empty is none.
	CertificatePassword string
	// FederatedTokenFile is a file in which the platform keeps a token that
	// identifies this workload.
	FederatedTokenFile string
	// Origin is where the credential is configured, for the log, such as "environment
	// CLIENT_SECRET"; empty is unknown.
	Origin string
	// SecretExpires is when the secret expires, for the metrics and the log: the tenant
	// does not say. Zero is unknown.
	SecretExpires time.Time
}

// ListenSettings are the addresses of the mid-tier, each as host:port. Port 0 is a
// free one.
type ListenSettings struct {
	// Public is the address for clients; empty is localhost:3001.
	Public string
	// Admin is the address for health checks and metrics; empty is localhost:9001.
	Admin string
	// Certificate and Key are PEM files; the public address serves TLS with them.
	// They are read again when they change. Empty is plain HTTP.
	Certificate, Key string
	// BehindProxy allows plain HTTP on an address that is not loopback, because a
	// proxy terminates TLS.
	BehindProxy bool
}

// CacheSettings name a Redis or Valkey server that replicas share.
type CacheSettings struct {
	// Address is a URL such as redis://host:6379/0, or rediss:// for TLS; empty is no
	// shared cache.
	Address string
	// Password is the password of the server; empty is none.
	Password string
	// KeyFile holds one key on each line, 32 bytes in base64, the same for all
	// replicas. What is shared is encrypted with the first one and can be read with
	// each. It is read again when it changes.
	KeyFile string
}

// TraceSettings name an OpenTelemetry collector.
type TraceSettings struct {
	// Endpoint is the collector's URL, such as http://localhost:4318; empty is none.
	Endpoint string
	// Headers are sent with every export, as name=value,name=value.
	Headers string
	// Lenient leaves malformed headers out, with a warning in the log, instead of
	// failing: the platform configured them, not the operator.
	Lenient bool
}

const (
	defaultGraph       = "https://graph.microsoft.com"
	defaultPublic      = "localhost:3001"
	defaultAdmin       = "localhost:9001"
	defaultVersion     = "devel"
	defaultRevision    = "unknown"
	defaultTimeout     = 15 * time.Second
	defaultMaxInFlight = 512
	defaultMaxWaiting  = 2048
)

// withDefaults returns the settings with every zero value replaced by its default.
func (s Settings) withDefaults() Settings {
	if s.Graph == "" {
		s.Graph = defaultGraph
	}
	if s.Version == "" {
		s.Version = defaultVersion
	}
	if s.Revision == "" {
		s.Revision = defaultRevision
	}
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	if s.MaxInFlight == 0 {
		s.MaxInFlight = defaultMaxInFlight
	}
	if s.MaxWaiting == 0 {
		s.MaxWaiting = defaultMaxWaiting
	}
	if s.Listen.Public == "" {
		s.Listen.Public = defaultPublic
	}
	if s.Listen.Admin == "" {
		s.Listen.Admin = defaultAdmin
	}
	return s
}

// userAgent returns the User-Agent header of the requests to the tenant and Graph.
func (s Settings) userAgent() string { return "profilectl/" + s.Version }

// authority returns the authority, completed with the tenant id if it is only a
// host, as the API of Microsoft's sample configures it.
func (s Settings) authority() string {
	u, err := url.Parse(s.Authority)
	hostOnly := err == nil && u.Scheme == "https" && u.Host != "" && strings.Trim(u.Path, "/") == ""
	if !hostOnly || s.TenantID == "" {
		return s.Authority
	}
	return strings.TrimSuffix(s.Authority, "/") + "/" + s.TenantID
}
