package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// stage is a sandbox tenant with its surroundings: listeners, certificate, and
// the real mid-tier beside it. The sandbox shares no code with what it plays
// opposite to; here the two are put together.
type stage struct {
	tenant  *sandbox.Tenant
	facts   sandbox.Facts
	midTier string // address
	caFile  string
	control string // address of the control handler
	key     string // that it wants
	temp    string // folder that goes with the stage; empty where the state is kept
	stop    func()
}

// stageOptions say what kind of stage.
type stageOptions struct {
	Folder  *loopback.Folder // keeps the tenant; nil is a throw-away one
	ReadLag time.Duration
	// RealNames makes a certificate for the host names of the real service too,
	// under which the tenant answers always.
	RealNames bool
}

func startStage(ctx context.Context, env Env, g *globals, o stageOptions) (*stage, error) {
	s := &stage{}
	var closers []func()
	s.stop = func() {
		for _, stop := range slices.Backward(closers) {
			stop()
		}
	}
	if err := s.start(ctx, g.log(env), o, func(f func()) { closers = append(closers, f) }); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close stops everything and removes what is not kept.
func (s *stage) close() { s.stop() }

func (s *stage) start(ctx context.Context, log *slog.Logger, o stageOptions, later func(func())) error {
	certificate, ports, err := s.surroundings(o, later)
	if err != nil {
		return err
	}
	var listeners [3]*loopback.Listener
	for i, port := range []int{ports.API, ports.Pages, ports.MidTier} {
		if listeners[i], err = loopback.Listen(port); err != nil {
			return portFault(port, err)
		}
		later(func() { _ = listeners[i].Close() })
	}
	ports = loopback.Ports{API: listeners[0].Port(), Pages: listeners[1].Port(), MidTier: listeners[2].Port()}
	var store sandbox.Store
	if o.Folder != nil {
		store = o.Folder
		if err := o.Folder.KeepPorts(ports); err != nil {
			return fmt.Errorf("keep ports: %w", err)
		}
	}
	s.tenant, err = sandbox.New(sandbox.Config{
		APIAddress: "https://localhost:" + strconv.Itoa(ports.API), PagesAddress: "http://localhost:" + strconv.Itoa(ports.Pages),
		Store: store, ReadLag: o.ReadLag, Log: log,
	})
	if err != nil {
		return fmt.Errorf("start sandbox: %w", err)
	}
	s.facts = s.tenant.Facts()
	s.midTier = "http://localhost:" + strconv.Itoa(ports.MidTier)
	encrypted := tls.NewListener(listeners[0], &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12})
	later(serveUntil(encrypted, s.tenant.API(), log))
	s.control, s.key = s.facts.Pages+"/control", rand.Text()
	later(serveUntil(listeners[1], beside(s.tenant.Control(s.key), s.tenant.Pages()), log))
	midTierCtx, stop := context.WithCancel(ctx)
	later(stop)
	server, err := serve.Open(midTierCtx, serve.Settings{
		Authority:  s.facts.Authority,
		ClientID:   s.facts.MidTierID,
		Credential: serve.CredentialSettings{Secret: s.facts.MidTierSecret},
		Graph:      s.facts.Graph,
		CAFile:     s.caFile,
	}, log)
	if err != nil {
		return err
	}
	later(serveUntil(listeners[2], server.Public(), log))
	return nil
}

// beside serves the control handler in front of the pages.
func beside(control, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/control/") {
			control.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// surroundings returns the certificate and the ports: kept ones, or new ones in
// a folder that goes with the stage.
func (s *stage) surroundings(o stageOptions, later func(func())) (loopback.Certificate, loopback.Ports, error) {
	if o.Folder != nil {
		ports, err := o.Folder.Ports()
		if err != nil {
			return loopback.Certificate{}, loopback.Ports{}, err
		}
		s.caFile = o.Folder.CAPath()
		certificate, err := loopback.LoadCertificate(o.Folder.Dir(), time.Now())
		return certificate, ports, err
	}
	temp, err := os.MkdirTemp("", "profilectl-")
	if err != nil {
		return loopback.Certificate{}, loopback.Ports{}, fmt.Errorf("make temporary folder: %w", err)
	}
	s.temp = temp
	later(func() { _ = os.RemoveAll(temp) })
	var further []string
	if o.RealNames {
		further = []string{"ciamlogin.com", "contoso.ciamlogin.com", "*.ciamlogin.com", "graph.microsoft.com"}
	}
	certificate, err := loopback.NewCertificate(time.Now(), further...)
	if err != nil {
		return certificate, loopback.Ports{}, err
	}
	s.caFile = filepath.Join(temp, "ca.pem")
	return certificate, loopback.Ports{}, os.WriteFile(s.caFile, certificate.CA, 0o600)
}

// serveUntil serves in the background until the returned func is called.
func serveUntil(l net.Listener, h http.Handler, log *slog.Logger) (stop func()) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("stop serving", "error", err)
		}
	}()
	return func() { _ = server.Close() }
}

func portFault(port int, err error) error {
	if errors.Is(err, loopback.ErrBusy) {
		return &fault.Error{
			Kind: fault.Unavailable, What: fmt.Sprintf("port %d, which belongs to the sandbox, is taken by another program", port),
			Fix: "stop that program; or run `profilectl sandbox --new-ports`, and sign in again", Err: err,
		}
	}
	return fmt.Errorf("start sandbox: %w", err)
}

// variables describe the tenant to a program: profilectl's own names, those of
// the how-to's two tiers where they do not contradict each other, and what a
// person at the pages needs.
func (s *stage) variables() map[string]string {
	return map[string]string{
		"PROFILECTL_AUTHORITY": s.facts.Authority, "PROFILECTL_CLIENT_ID": s.facts.ClientID, "PROFILECTL_EDIT_SCOPE": s.facts.EditScope,
		"PROFILECTL_MID_TIER": s.midTier, "PROFILECTL_GRAPH": s.facts.Graph, "PROFILECTL_CA_FILE": s.caFile,
		"PROFILECTL_SERVE_AUTHORITY": s.facts.Authority, "PROFILECTL_SERVE_CLIENT_ID": s.facts.MidTierID,
		"PROFILECTL_SERVE_CLIENT_SECRET": s.facts.MidTierSecret, "PROFILECTL_SERVE_GRAPH": s.facts.Graph, "PROFILECTL_SERVE_CA_FILE": s.caFile,
		"NODE_EXTRA_CA_CERTS": s.caFile,
		"SANDBOX_CONTROL":     s.control, "SANDBOX_CONTROL_KEY": s.key,
		"SANDBOX_GRAPH": s.facts.Graph, "SANDBOX_MID_TIER": s.midTier, "SANDBOX_AUTHORITY": s.facts.Authority, "SANDBOX_CLIENT_ID": s.facts.ClientID,
		"SANDBOX_WEB_CLIENT_ID": s.facts.WebClientID, "SANDBOX_WEB_CLIENT_SECRET": s.facts.WebSecret, "SANDBOX_EDIT_SCOPE": s.facts.EditScope,
		"SANDBOX_MID_TIER_ID": s.facts.MidTierID, "SANDBOX_MID_TIER_SECRET": s.facts.MidTierSecret, "SANDBOX_CA_FILE": s.caFile,
		"SANDBOX_TENANT_ID": s.facts.TenantID, "SANDBOX_USER": s.facts.User, "SANDBOX_PASSWORD": s.facts.Password, "SANDBOX_MAILBOX": s.facts.Mailbox,
	}
}

// inside is an Env whose only tenant is this one: what the person has configured
// does not reach in, and nothing reaches out.
func (s *stage) inside(env Env) Env {
	variables := s.variables()
	variables["PROFILECTL_STORE"] = "memory"
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "AppData", "LocalAppData"} {
		variables[name] = s.temp
	}
	outside := env.Getenv
	env.Getenv = func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		switch name { // what concerns the terminal and the browser
		case "NO_COLOR", "CLICOLOR_FORCE", "TERM", "CI", "ACCESSIBLE", "BROWSER", "PROFILECTL_BROWSER", "DISPLAY", "WAYLAND_DISPLAY",
			"SSH_CONNECTION", "SSH_TTY", "WSL_DISTRO_NAME", "WSL_INTEROP", "container":
			return outside(name)
		}
		return ""
	}
	return env
}
