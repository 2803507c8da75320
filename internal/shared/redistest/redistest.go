// Package redistest starts a real redis-server for a test. The server listens on loopback,
// keeps nothing on disk, and ends with the test.
package redistest

import (
	"net"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// Server is a running redis-server.
type Server struct {
	Address string    // host:port
	Process *exec.Cmd // replaced by Start

	t         testing.TB
	arguments []string
}

// New starts a redis-server on a free port, with further arguments. If redis-server is not
// installed, New skips the test, or fails it if the server is required. If the first
// argument is "--tls-port", the server accepts only TLS.
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
	listen := []string{"--port", port}
	if len(arguments) > 0 && arguments[0] == "--tls-port" {
		listen, arguments = []string{"--port", "0", "--tls-port", port}, arguments[1:]
	}
	inMemory := []string{"--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}
	s := &Server{Address: address, t: t, arguments: slices.Concat(listen, inMemory, arguments)}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// Start starts the server, or restarts it after Kill, and returns when it listens.
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
			_ = conn.Close() // it only shows that the server listens
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("redis-server does not start")
		}
	}
}

// Kill kills the server.
func (s *Server) Kill() {
	_ = s.Process.Process.Kill()
	_ = s.Process.Wait() // it was killed
}
