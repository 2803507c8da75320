package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

const (
	headerLimit = 5 * time.Second
	readLimit   = 10 * time.Second
	writeLimit  = 30 * time.Second
	idleLimit   = 2 * time.Minute
	drainLimit  = 20 * time.Second
)

// Run serves both handlers until ctx ends, then drains: it tells the load
// balancer first (not ready), and answers every request that was accepted. It
// returns at once if serving fails.
func (s *Server) Run(ctx context.Context, public, admin net.Listener) error {
	servers := []*http.Server{s.server(s.Public()), s.server(s.Admin())}
	failed := make(chan error, len(servers))
	for i, l := range []net.Listener{public, admin} {
		go func() { failed <- servers[i].Serve(l) }()
	}
	notify(ctx, s.config.NotifySocket, "READY=1")
	select {
	case err := <-failed:
		for _, server := range servers {
			err = errors.Join(err, server.Close())
		}
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	notify(context.WithoutCancel(ctx), s.config.NotifySocket, "STOPPING=1")
	select { // whoever sends requests here needs time to see that it is not ready
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(s.config.DrainDelay):
	}
	// ctx is over already: draining needs a time limit of its own.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	var err error
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(drain))
	}
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	if err := s.config.Trace.Stop(drain); err != nil {
		s.config.Log.Warn("the last traces are lost", "error", err)
	}
	return nil
}

func (s *Server) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
}

// CheckAddress refuses to serve plain http where others than this machine can
// reach it: tokens would cross the network in the clear.
func CheckAddress(address string, tls, behindProxy bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%q is not an address to listen on", address), Fix: "write host:port, as localhost:3001", Err: err}
	}
	ip := net.ParseIP(host)
	if tls || behindProxy || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage, What: "tokens would cross the network in the clear: " + address + " is not a loopback address and there is no certificate",
		Fix: "give --tls-cert and --tls-key, or --behind-proxy where a proxy ends TLS",
	}
}
