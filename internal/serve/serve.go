// Package serve is the mid-tier: a protected web API with one job, to turn a
// caller's access token for EditProfileService.ReadWrite into a Graph PATCH of
// that same caller's profile.
//
// A request goes through a straight list, and the order is the security
// argument: recover, correlation id, log, limits, bearer, decode, OBO, Graph,
// answer. Nothing upstream is called for a token that was not verified or a
// body that breaks a rule, and nothing of a token or a value is logged.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/pprof"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/profilectl/profilectl/api"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/tracing"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Config is what a Server needs. All fields but the limits must be set.
type Config struct {
	Verifier  *bearer.Verifier
	Exchange  *obo.Exchanger
	Graph     *graph.Client
	Issuer    challenge.Issuer // who challenges: this API, at its tenant
	Log       *slog.Logger
	Timeout   time.Duration // of one request; 0 is 15 seconds
	Rate      int           // requests of one user a minute; 0 is no limit
	Profiling bool          // Go's profiler is on the admin listener
	// Shared counts what one user sends for all replicas; nil for each on its own.
	Shared *shared.Store
	// NotifySocket is where systemd wants to hear of the service's state; empty
	// for nowhere.
	NotifySocket string
	// Trace makes a span of each request.
	Trace *tracing.Tracer
	// Degraded names what does not work at present and is done without, as a host
	// that is left alone; nil for nothing.
	Degraded func() []string
	// DrainDelay is how long to go on serving, but not ready, before a stop begins:
	// a load balancer needs that long to notice.
	DrainDelay time.Duration
	Busy       int // requests at once, before new ones are turned away; 0 is 512
}

const (
	maxBody        = 64 << 10
	defaultTimeout = 15 * time.Second
	defaultBusy    = 512
)

// Server holds the routes. It is safe for concurrent use.
type Server struct {
	config   Config
	metrics  *metrics
	rates    *rates
	slots    chan struct{}
	draining atomic.Bool
}

// New returns a Server.
func New(c Config) *Server {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Degraded == nil {
		c.Degraded = func() []string { return nil }
	}
	if c.Busy == 0 {
		c.Busy = defaultBusy
	}
	s := &Server{config: c, slots: make(chan struct{}, c.Busy), rates: newRates(c.Rate, c.Shared)}
	s.metrics = newMetrics(s)
	return s
}

// Public returns the routes that clients call.
func (s *Server) Public() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /updateUserInfo", s.limited(s.update))
	m.HandleFunc("/updateUserInfo", s.notPost)
	m.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = io.WriteString(w, api.OpenAPI) // a client that has gone is no error
	})
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusNotFound, &fault.Error{Kind: fault.Usage, What: "there is no such route", Fix: "the contract is at /openapi.yaml"})
	})
	return s.outer(m)
}

// Admin returns the routes for whoever runs the service: is the process alive,
// and can it do its job.
func (s *Server) Admin() http.Handler {
	m := http.NewServeMux()
	m.Handle("GET /metrics", s.metrics.handler())
	if s.config.Profiling {
		m.HandleFunc("GET /debug/pprof/", pprof.Index)
		m.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		m.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		m.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() || !s.config.Verifier.Ready(r.Context()) {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		var text strings.Builder
		text.WriteString("ready\n")
		if r.URL.Query().Has("verbose") {
			for _, part := range s.config.Degraded() {
				text.WriteString("degraded: " + part + "\n")
			}
		}
		_, _ = io.WriteString(w, text.String())
	})
	return m
}

// update is the job.
func (s *Server) update(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	caller, demand, err := s.config.Verifier.Verify(ctx, r.Header)
	if err != nil || demand != nil {
		s.answer(w, r, demand, err)
		return
	}
	if wait := s.rates.wait(ctx, caller.ID, time.Now()); wait > 0 {
		s.tooMany(w, r, wait)
		return
	}
	change, status, err := decode(w, r)
	if err != nil {
		s.refuse(w, r, status, err)
		return
	}
	demand, err = s.apply(ctx, w, obo.Assertion{Token: caller.Assertion, Key: caller.Key, Expires: caller.Expires}, change)
	if err != nil || demand != nil {
		s.upstream(w, r, demand, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// apply sends the change to Graph on the caller's behalf. Where Graph refuses a
// token that was exchanged before, because something was revoked meanwhile, the
// tenant is asked once more: it knows why.
func (s *Server) apply(ctx context.Context, w http.ResponseWriter, a obo.Assertion, change profile.Change) (*challenge.Challenge, error) {
	for again := false; ; again = true {
		begun := time.Now()
		result, err := s.config.Exchange.Exchange(ctx, a)
		s.metrics.exchange(result.Cached, result.Challenge != nil, err)
		if !result.Cached {
			s.called(w, "exchange", begun)
		}
		if err != nil || result.Challenge != nil {
			return result.Challenge, err
		}
		begun = time.Now()
		demand, err := s.config.Graph.Update(ctx, result.Token, change)
		s.called(w, "graph", begun)
		f, ok := errors.AsType[*fault.Error](err)
		switch {
		case !ok || f.Kind != fault.SignIn:
			return demand, err
		case !result.Cached || again: // the token that Graph refuses is ours, not the caller's
			return nil, &fault.Error{Kind: fault.Unavailable, What: f.What, Fix: "try again in a minute", Err: f, CorrelationID: f.CorrelationID}
		}
		s.config.Exchange.Forget(ctx, a)
	}
}

// decode reads the change, and says with which status to refuse it.
func decode(w http.ResponseWriter, r *http.Request) (profile.Change, int, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, http.StatusUnsupportedMediaType, &fault.Error{Kind: fault.Usage, What: "the body is not declared as JSON", Fix: "send Content-Type: application/json", Err: err}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, &fault.Error{Kind: fault.Invalid, What: "the body is larger than 64 KiB", Fix: "send only the fields that change", Err: err}
	}
	if slow := net.Error(nil); errors.As(err, &slow) && slow.Timeout() {
		return nil, http.StatusRequestTimeout, &fault.Error{Kind: fault.Unavailable, What: "the body did not arrive in time", Fix: "send it again", Err: err}
	}
	if err != nil {
		return nil, http.StatusBadRequest, &fault.Error{Kind: fault.Usage, What: "the body broke off", Fix: "send it again", Err: err}
	}
	change, err := profile.Decode(body)
	return change, 0, err
}

// upstream answers what Entra or Graph came to. A caller is told what is theirs
// to mend; what is ours is 502, 503 or 504, never 200.
func (s *Server) upstream(w http.ResponseWriter, r *http.Request, demand *challenge.Challenge, err error) {
	f := fault.As(err)
	switch {
	case demand != nil:
		s.answer(w, r, demand, nil)
	case errors.Is(err, context.DeadlineExceeded):
		s.refuse(w, r, http.StatusGatewayTimeout, err)
	case errors.Is(err, upstream.ErrThrottled):
		s.refuse(w, r, http.StatusTooManyRequests, err)
	case f.Kind == fault.Invalid: // Graph refused a value that our rules let pass
		s.refuse(w, r, http.StatusUnprocessableEntity, err)
	case f.Kind == fault.SignIn: // the assertion has been revoked meanwhile
		s.answer(w, r, &challenge.Challenge{}, nil)
	case f.Kind == fault.Denied, f.Kind == fault.Usage, f.Kind == fault.Internal: // our registration, our bug
		s.refuse(w, r, http.StatusBadGateway, err)
	default:
		s.refuse(w, r, 0, err)
	}
}

// answer sends a challenge, or the refusal of a request without a caller, with
// the WWW-Authenticate header that goes with it (RFC 6750, 3).
func (s *Server) answer(w http.ResponseWriter, r *http.Request, demand *challenge.Challenge, err error) {
	if demand != nil {
		demand.Header(w.Header(), s.config.Issuer)
		s.refuse(w, r, http.StatusUnauthorized, &fault.Error{Kind: fault.StepUp, What: "a stronger sign-in is needed for this change", Fix: "sign in again with the claims of the WWW-Authenticate header"})
		return
	}
	refusal, ok := errors.AsType[bearer.Refusal](err)
	if !ok {
		s.refuse(w, r, 0, err)
		return
	}
	header := `Bearer realm=""`
	if refusal != bearer.Missing {
		header += fmt.Sprintf(`, error="%s", error_description="%s"`, string(refusal), fault.As(err).What)
	}
	w.Header().Set("WWW-Authenticate", header)
	s.refuse(w, r, 0, err)
}

// refuse writes the problem document.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	f := fault.As(err)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", inSeconds(f.RetryAfter))
	}
	if o, ok := w.(*observed); ok {
		o.outcome, o.cause = f.Kind.String(), f.Err
	}
	if err := problem.From(f, status, upstream.CorrelationID(r.Context())).Write(w); err != nil {
		s.config.Log.Debug("answer", "error", err)
	}
}

func (s *Server) notPost(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	s.refuse(w, r, http.StatusMethodNotAllowed, &fault.Error{Kind: fault.Usage, What: "this route takes POST only", Fix: "the contract is at /openapi.yaml"})
}

var correlation = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// correlationID is the caller's, if it is a GUID, or a new one (RFC 9562,
// version 4).
func correlationID(r *http.Request) string {
	if id := r.Header.Get("client-request-id"); correlation.MatchString(id) {
		return id
	}
	return uuid.NewString()
}
