// Package serve is the mid-tier: a protected web API that turns a caller's access
// token for EditProfileService.ReadWrite into a PATCH of that caller's own profile
// in Microsoft Graph. It also serves the schema and, if the operator allows it,
// changes of custom attributes and of the password.
//
// Open assembles a Server from Settings, and Check tries the same settings without
// serving anything.
//
// A request passes a fixed sequence of steps, and the order is the security
// argument: recover, correlation id, log, limits, verify, decode, exchange, Graph,
// response. Nothing is sent upstream for a token that was not verified or for a
// body that breaks a rule. Tokens and values of a profile are never logged.
package serve

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"

	"github.com/profilectl/profilectl/api"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/profile"
)

// Server is a mid-tier. It is safe for concurrent use.
type Server struct {
	settings    Settings
	credential  obo.Credential
	live        atomic.Pointer[live]
	parts       parts
	log         *slog.Logger
	graph       *graph.Client
	passwords   *rates                      // limits the attempts to change a password
	builtIn     *fields                     // of a mid-tier without custom attributes
	tenant      atomic.Pointer[tenant]      // nil until it is discovered
	certificate atomic.Pointer[certificate] // nil for none
	metrics     *metrics
	slots       chan struct{} // holds one element for each request in flight
	waiting     atomic.Int64  // requests that gave up their slot while they wait
	draining    atomic.Bool
	// settingsFailed is set if the last reload found settings that cannot be used.
	settingsFailed atomic.Bool
}

// Close releases what the server holds: the audit log, the connections to the shared cache
// and the tracer. It is for a caller that is done with the server: after Run, or when no
// more requests reach its handlers. Windows does not delete or move a file that is open.
func (s *Server) Close() error { return s.parts.close(s.log) }

// live are the settings that a reload changes, with what depends on them.
type live struct {
	rates         *rates
	exchangeRate  int
	allowOrigin   func(origin string) bool
	drainDelay    time.Duration
	secretExpires time.Time
	// attributesSecretExpires is secretExpires of the second registration.
	attributesSecretExpires time.Time
}

// newServer returns a Server. The settings must have their defaults.
func newServer(s Settings, credential obo.Credential, p parts, log *slog.Logger) *Server {
	server := &Server{
		settings:   s,
		credential: credential,
		parts:      p,
		log:        log,
		graph:      &graph.Client{Base: s.Graph, HTTP: p.http},
		passwords:  newRates(passwordsPerMinute, p.shared),
		builtIn:    newFields(profile.BuiltIn()),
		slots:      make(chan struct{}, s.MaxInFlight),
	}
	server.live.Store(&live{
		rates:         newRates(s.Rate, p.shared),
		exchangeRate:  s.ExchangeRate,
		allowOrigin:   s.AllowOrigin,
		drainDelay:    s.DrainDelay,
		secretExpires: s.Credential.SecretExpires,

		attributesSecretExpires: s.Attributes.Credential.SecretExpires,
	})
	server.metrics = newMetrics(gauges{server})
	if s.AllowPasswordChange {
		server.metrics.startRoute(passwordRoute)
	}
	server.metrics.registry.MustRegister(p.pacing.collectors()...)
	return server
}

// The patterns of the routes for clients.
const (
	updateRoute = "POST /updateUserInfo"
	schemaRoute = "GET /schema"
)

// Public returns the handler of the routes for clients.
func (s *Server) Public() http.Handler {
	m := http.NewServeMux()
	handle := func(route string, allowed string, h http.HandlerFunc) {
		m.Handle(route, s.described(s.acrossOrigins(s.needTenant(s.limitInFlight(h)))))
		_, path, _ := strings.Cut(route, " ")
		m.Handle(path, s.described(s.acrossOrigins(s.methodNotAllowed(allowed)))) // and preflight requests
	}
	handle(updateRoute, http.MethodPost, s.update)
	handle(schemaRoute, "GET, HEAD", s.schema)
	if s.settings.AllowPasswordChange {
		handle(passwordRoute, http.MethodPost, s.changePassword)
	}
	m.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = io.WriteString(w, api.OpenAPI) // fails only if the client has disconnected
	})
	m.HandleFunc("/", s.notFound)
	return s.observe(m)
}

// Admin returns the handler of the routes for operators: health checks, metrics,
// and the profiler if the settings ask for it.
func (s *Server) Admin() http.Handler {
	m := http.NewServeMux()
	m.Handle("GET /metrics", s.metrics.handler())
	if s.settings.Profiling {
		m.HandleFunc("GET /debug/pprof/", pprof.Index)
		m.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		m.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		m.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	m.HandleFunc("GET /readyz", s.ready)
	return m
}

// isReady reports whether a load balancer should send requests. Requests are processed
// also while the tenant rejects the credential: those with a cached exchange succeed.
func (s *Server) isReady(ctx context.Context) bool {
	t := s.tenant.Load()
	return !s.draining.Load() && t.ready(ctx) && !t.rejected()
}

// ready handles GET /readyz. With ?verbose it lists the optional dependencies that
// are unavailable.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if !s.isReady(r.Context()) {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	var text strings.Builder
	text.WriteString("ready\n")
	if r.URL.Query().Has("verbose") {
		for _, part := range s.parts.optional() {
			if part.unavailable {
				text.WriteString("degraded: " + part.name + "\n")
			}
		}
	}
	_, _ = io.WriteString(w, text.String())
}

// methodNotAllowed returns a handler that rejects every request, and names the methods
// that its route allows.
func (s *Server) methodNotAllowed(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		s.reject(w, r, http.StatusMethodNotAllowed, &fault.Error{
			Kind: fault.Usage,
			What: "this route accepts only " + allowed,
			Fix:  "see the contract at /openapi.yaml",
		})
	}
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.reject(w, r, http.StatusNotFound, &fault.Error{
		Kind: fault.Usage,
		What: "there is no such route",
		Fix:  "see the contract at /openapi.yaml",
	})
}
