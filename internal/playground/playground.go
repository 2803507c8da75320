// Package playground runs a sandbox tenant together with everything around it:
// loopback listeners, a certificate, the mid-tier, initial users and apps, and a
// robot that fills in the sign-in pages.
//
// The sandbox shares no code with what is tested against it. This package connects
// the two, over the network only.
package playground

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/errorlog"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// Options configure a Playground. The zero value is a temporary tenant on free
// ports.
type Options struct {
	// Dir keeps the tenant between starts; empty is a temporary tenant. Only one
	// playground at a time can use a directory.
	Dir string
	// Reset replaces the tenant that Dir keeps with a new one, unless the start fails.
	Reset bool
	// NewPorts replaces the ports that Dir keeps with free ones. The tenant's issuer
	// changes with them, so all users have to sign in again.
	NewPorts bool
	// FirstPort is the first of three consecutive ports: API, pages, mid-tier. Zero
	// is the ports that Dir keeps, or free ones.
	FirstPort int
	// Bind is the IP address to listen on, such as 0.0.0.0; empty is loopback.
	Bind string
	// Host is the name, or the IP address, by which clients on other machines reach
	// the tenant. It replaces localhost in all addresses, and the pages and the
	// mid-tier are served over https, too. Empty is localhost.
	Host string
	// Empty makes a new tenant one with an administrator and nothing else. It has no
	// mid-tier, because the administrator registers it. A tenant that Dir keeps must be
	// empty, too.
	Empty bool
	// AdminRoles are the names of the directory roles of the administrator of a new empty
	// tenant; nil is Global Administrator.
	AdminRoles []string
	// ReplicationLag is how long Graph does not find a new object.
	ReplicationLag time.Duration
	// ReadLag is how long Graph returns the old profile after a change.
	ReadLag time.Duration
	// Limits enforces the request limits of an external tenant.
	Limits bool
	// QuickPasswords hashes passwords with few iterations. It is meant for tests,
	// whose passwords protect nothing.
	QuickPasswords bool
	// HTTPS serves the pages over https at the address of the API, as the real service
	// does. Otherwise they are served over http, so that every browser opens them
	// without trusting the CA.
	HTTPS bool
	// RealNames adds the host names that the tenant would have at the real service to
	// the certificate, for clients with a host map.
	RealNames bool
	// Seed is a YAML file with users, apps and policies; empty is none.
	Seed string
	// Attributes is a YAML file with custom attributes (package attributes); empty is none.
	// The tenant gets them, its sign-up pages ask for those that users may edit, and the
	// mid-tier changes them.
	Attributes string
	// Replaced is called when an import has replaced the tenant; nil is none.
	Replaced func(sandbox.Facts) error
	// Version is the version of this program; empty is "devel".
	Version string
	// Log may be nil.
	Log *slog.Logger

	attributes []control.Attribute // of the file Attributes
}

// Playground is a running sandbox tenant with its mid-tier.
type Playground struct {
	Tenant  *sandbox.Tenant
	Facts   sandbox.Facts
	MidTier string // address of the mid-tier; none in an empty tenant
	Dir     string // keeps the tenant, or is temporary
	CAFile  string // PEM file with the CA of the tenant's certificate
	// ControlURL is the address of the control API for clients; ControlKey is its key.
	ControlURL string
	ControlKey string
	// Transport trusts CAFile and no other CA.
	Transport *http.Transport

	midTier    *midTier
	controlURL string // of the control API, for this machine
	closers    []func()
}

// Start starts a playground. It runs until Close is called; its mid-tier stops
// when ctx is done.
//
// Start fails with a Usage fault if another playground uses the directory or an option
// cannot be used, and with an Unavailable one if another program uses a kept port.
func Start(ctx context.Context, o Options) (*Playground, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Playground{midTier: &midTier{}}
	if err := p.start(ctx, o); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close stops everything and removes temporary files.
func (p *Playground) Close() {
	for _, stop := range slices.Backward(p.closers) {
		stop()
	}
}

// onClose registers what Close does, in reverse order.
func (p *Playground) onClose(stop func()) { p.closers = append(p.closers, stop) }

func (p *Playground) start(ctx context.Context, o Options) error {
	seed, err := o.readSeed()
	if err != nil {
		return err
	}
	if err := o.readAttributes(); err != nil {
		return err
	}
	if err := o.checkRoles(); err != nil {
		return err
	}
	bind, err := o.bind()
	if err != nil {
		return err
	}
	s, err := p.openState(o)
	if err != nil {
		return err
	}
	listeners, err := p.listen(o, bind, &s)
	if err != nil {
		return err
	}
	a := o.addresses(s.ports)
	tlsConfig, err := p.startTenant(o, s, seed, a, listeners)
	if err != nil {
		return err
	}
	if err := p.keepPassword(s); err != nil {
		return err
	}
	if p.Facts.MidTierID == "" {
		_ = listeners[2].Close() // so that the port is free for the user's own mid-tier
		return p.publishControl(s)
	}
	var midTier net.Listener = listeners[2]
	if a.remote {
		midTier = tls.NewListener(midTier, tlsConfig)
	}
	if err := p.startMidTier(ctx, o, a, midTier); err != nil {
		return err
	}
	return p.publishControl(s)
}

// listen opens the listeners of the API, the pages and the mid-tier, and stores
// their ports in s. The pages have a name of their own only if Host is empty.
func (p *Playground) listen(o Options, bind netip.Addr, s *state) ([3]*loopback.Listener, error) {
	var listeners [3]*loopback.Listener
	for i, port := range []int{s.ports.API, s.ports.Pages, s.ports.MidTier} {
		var l *loopback.Listener
		var err error
		if local := !bind.IsValid() || i == 1 && o.Host != ""; local {
			l, err = loopback.Listen(port)
		} else {
			l, err = loopback.ListenAt(bind, port)
		}
		if err != nil {
			return listeners, portFault(port, err)
		}
		p.onClose(func() { _ = l.Close() })
		listeners[i] = l
	}
	s.ports = loopback.Ports{
		API:     listeners[0].Port(),
		Pages:   listeners[1].Port(),
		MidTier: listeners[2].Port(),
	}
	return listeners, nil
}

func portFault(port int, err error) error {
	if !errors.Is(err, loopback.ErrBusy) {
		return fmt.Errorf("start sandbox: %w", err)
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: fmt.Sprintf("port %d, which belongs to the sandbox, is used by another program", port),
		Fix:  "stop that program",
		Next: fault.DoMoveSandbox,
		Err:  err,
	}
}

// startTenant serves the tenant: its API over TLS, the control API over plain HTTP,
// and the pages at one of the two. It returns the configuration of TLS.
func (p *Playground) startTenant(
	o Options,
	s state,
	seed []byte,
	a addresses,
	listeners [3]*loopback.Listener,
) (*tls.Config, error) {
	tenant, err := sandbox.New(sandbox.Config{
		Empty:          o.Empty,
		AdminRoles:     o.AdminRoles,
		ReplicationLag: o.ReplicationLag,
		APIAddress:     a.api,
		PagesAddress:   a.pages,
		ControlAddress: a.plain,
		Store:          s.store(),
		Seed:           seed,
		Attributes:     o.attributes,
		ReadLag:        o.ReadLag,
		Limits:         o.Limits,
		QuickPasswords: o.QuickPasswords,
		Log:            o.Log,
	})
	if err != nil {
		return nil, o.startFault(fmt.Errorf("start sandbox: %w", err))
	}
	p.Tenant, p.Facts = tenant, tenant.Facts()
	if err := o.checkEmpty(p.Facts); err != nil {
		return nil, err
	}
	p.controlURL, p.ControlKey = a.plain+"/control", rand.Text()
	p.ControlURL = a.control
	certificate, err := p.certificate(o, s)
	if err != nil {
		return nil, err
	}
	p.Transport = a.mapped(loopback.NewTransport(certificate.CA), listeners[0].Addr())
	if err := s.keep(); err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12}
	manage, follow := tenant.Control(p.ControlKey), p.followChanges(o)
	p.serve(tls.NewListener(listeners[0], config), follow(withControl(manage, tenant.API())), o.Log)
	atPlain := tenant.Pages()
	if a.pages != a.plain {
		atPlain = redirect(a.api)
	}
	p.serve(listeners[1], follow(withControl(manage, atPlain)), o.Log)
	return config, nil
}

// redirect sends browsers to the same path at another origin.
func redirect(origin string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", origin+"/"+strings.TrimPrefix(r.URL.RequestURI(), "/"))
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
}

// withControl serves the control API next to another handler.
func withControl(manage, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/control/") {
			manage.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve serves in the background until Close.
func (p *Playground) serve(l net.Listener, h http.Handler, log *slog.Logger) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          errorlog.New(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("stopped serving", "error", err)
		}
	}()
	p.onClose(func() { _ = server.Close() })
}
