// Package redistest starts a real redis-server for a test, as net/http/httptest
// starts a server: on loopback, with nothing kept on disk, gone with the test.
package redistest

import (
	"net"
	"os/exec"
	"testing"
	"time"
)

// Server is a redis-server.
type Server struct {
	Address string    // host:port
	Process *exec.Cmd // to be stopped and continued; changes with Start

	t         testing.TB
	arguments []string
}

// New starts a redis-server on a free port, with further arguments. Where there is
// none it skips the test, or fails it if one is required. Given "--tls-port" first,
// it takes TLS alone.
func New(t testing.TB, required bool, arguments ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if required {
			t.Fatal("redis-server is not installed")
		}
		t.Skip("redis-server is not installed")
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	where := "--port"
	if len(arguments) > 0 && arguments[0] == "--tls-port" {
		where, arguments = "--tls-port", append([]string{"--port", "0"}, arguments[1:]...)
	}
	s := &Server{Address: address, t: t, arguments: append([]string{where, port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, arguments...)}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// Start starts the server, again after Kill, and returns when it listens.
func (s *Server) Start() {
	s.t.Helper()
	s.Process = exec.CommandContext(s.t.Context(), "redis-server", s.arguments...)
	if err := s.Process.Start(); err != nil {
		s.t.Fatal(err)
	}
	const patience = 20 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.Address)
		if err == nil {
			_ = conn.Close() // it only showed that somebody listens
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("redis-server does not start")
		}
	}
}

// Kill ends the server without a warning.
func (s *Server) Kill() {
	_ = s.Process.Process.Kill()
	_ = s.Process.Wait() // it was killed
}
