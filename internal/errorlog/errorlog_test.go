package errorlog_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/errorlog"
)

func TestRedactRemovesAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.1:59984: EOF":    "http: TLS handshake error from [address]: EOF",
		"http: panic serving [2001:db8::1]:80: boom":             "http: panic serving [address]: boom",
		"read tcp 10.0.0.1:3001->192.0.2.1:59984: i/o timeout":   "read tcp [address]->[address]: i/o timeout",
		"http2: error reading preface from client fe80::1%eth0:": "http2: error reading preface from client [address]:",
		"client (192.0.2.1) went away":                           "client [address] went away",
		"accept: too many open files; retrying in 5ms":           "accept: too many open files; retrying in 5ms",
		"tls: version 1.0 at 12:30 of build 1.2.3":               "tls: version 1.0 at 12:30 of build 1.2.3",
	} {
		if got := errorlog.Redact(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestNewLogsFailedHandshakes uses a client that speaks plain HTTP to a TLS server.
func TestNewLogsFailedHandshakes(t *testing.T) {
	logged := make(chan string, 1)
	handler := slog.NewTextHandler(writerFunc(func(p []byte) { logged <- string(p) }), nil)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = errorlog.New(handler, slog.LevelWarn)
	server.StartTLS()
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	line := <-logged
	if strings.Contains(line, "127.0.0.1") || !strings.Contains(line, "TLS handshake error from [address]") {
		t.Errorf("logged %s", line)
	}
}

// writerFunc is an io.Writer.
type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(bytes.Clone(p)); return len(p), nil }
