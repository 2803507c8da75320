package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/errorlog"
)

const (
	headerTimeout = 5 * time.Second  // to read the header of a request
	readTimeout   = 10 * time.Second // to read a whole request
	writeMargin   = 5 * time.Second  // to write a response
	idleTimeout   = 2 * time.Minute
	minDrain      = 20 * time.Second // to finish the requests in flight
	maxHeader     = 64 << 10         // bytes
)

// Run serves the public and the admin routes until ctx is done. Then it drains: it
// reports first that it is not ready, waits for the DrainDelay of the settings,
// and finishes every request that was accepted. If serving fails, Run closes all
// connections and returns at once; if it fails in the delay, Run still drains.
func (s *Server) Run(ctx context.Context, l Listeners) error {
	servers := []*http.Server{s.httpServer(s.Public()), s.httpServer(s.Admin())}
	failed := make(chan error, len(l.Public)+len(l.Admin))
	for i, listeners := range [][]net.Listener{l.Public, l.Admin} {
		for _, listener := range listeners {
			go func() { failed <- servers[i].Serve(listener) }()
		}
	}
	s.logStart(ctx, l)
	notify(ctx, s.settings.NotifySocket, "READY=1")
	select {
	case err := <-failed:
		for _, server := range servers {
			err = errors.Join(err, server.Close())
		}
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	stopping, delay := time.Now(), s.live.Load().drainDelay
	s.log.Info("stopping", slog.Int("in_flight", len(s.slots)), milliseconds("drain_delay_ms", delay))
	notify(context.WithoutCancel(ctx), s.settings.NotifySocket, "STOPPING=1")
	var err error
	select { // load balancers need time to notice
	case failure := <-failed:
		err = fmt.Errorf("serve: %w", failure)
	case <-time.After(delay):
	}
	err = errors.Join(err, s.drain(context.WithoutCancel(ctx), servers))
	if err == nil {
		s.log.Info("stopped", milliseconds("duration_ms", time.Since(stopping)))
	}
	return err
}

// logStart logs what runs where, and until when its credentials are valid.
func (s *Server) logStart(ctx context.Context, l Listeners) {
	tenant := slog.String("tenant", s.settings.authority())
	if t := s.tenant.Load(); t != nil {
		tenant = slog.String("tenant", t.id)
	}
	var expires []slog.Attr
	for what, at := range s.expiries() {
		if !at.IsZero() {
			expires = append(expires, slog.Time(what, at.UTC()))
		}
	}
	slices.SortFunc(expires, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	s.log.LogAttrs(ctx, slog.LevelInfo, "serving",
		slog.String("version", s.settings.Version),
		slog.String("revision", s.settings.Revision),
		tenant,
		slog.String("address", addresses(l.Public)),
		slog.String("admin", addresses(l.Admin)),
		slog.Bool("tls", s.certificate.Load() != nil),
		slog.String("credential", s.settings.Credential.kind("")),
		slog.String("from", s.settings.Credential.Origin),
		slog.GroupAttrs("expires", expires...))
}

// addresses returns the addresses of listeners for the log.
func addresses(listeners []net.Listener) string {
	var all []string
	for _, l := range listeners {
		all = append(all, l.Addr().String())
	}
	return strings.Join(all, ", ")
}

// drain finishes the requests in flight and sends the last traces. It closes the connections
// of requests that do not end in time.
func (s *Server) drain(ctx context.Context, servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, max(minDrain, s.settings.Timeout+writeMargin))
	defer cancel()
	var err error
	for _, server := range servers {
		if late := server.Shutdown(ctx); late != nil {
			err = errors.Join(err, fmt.Errorf("drain: %w", late), server.Close())
		}
	}
	s.parts.stopTracer(s.log)
	return err
}

// httpServer returns a server with limits for slow clients. The time to write
// starts when the header has been read, so it includes the time to read the body
// and the whole timeout of the request.
func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + s.settings.Timeout + writeMargin,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          errorlog.New(s.log.Handler(), slog.LevelWarn),
	}
}
