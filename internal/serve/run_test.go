package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// renew writes a new certificate and returns it as a client sees it.
func renew(t *testing.T, certFile, keyFile string) []byte {
	t.Helper()
	c, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: c.TLS.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c.TLS.Certificate[0]
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		first := renew(t, certFile, keyFile)
		var log bytes.Buffer
		c, err := serve.LoadCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		serves := func(want []byte) {
			t.Helper()
			time.Sleep(2 * time.Second)
			if got, err := c(&tls.ClientHelloInfo{}); err != nil || !bytes.Equal(got.Certificate[0], want) {
				t.Errorf("another certificate is served: %v", err)
			}
		}
		serves(first)
		second := renew(t, certFile, keyFile)
		serves(second)
		if err := os.WriteFile(keyFile, []byte("half a renewal"), 0o600); err != nil {
			t.Fatal(err)
		}
		serves(second)
		if !strings.Contains(log.String(), "the old one stays") {
			t.Errorf("the log says %s", log.String())
		}
		serves(second)
		serves(second)
		third := renew(t, certFile, keyFile)
		serves(third)
	})
}

func TestACertificateThatCannotBeUsedIsSaidAtTheStart(t *testing.T) {
	_, err := serve.LoadCertificate("nowhere.pem", "nowhere.key", slog.New(slog.DiscardHandler))
	if f := fault.As(err); f.Kind != fault.Usage || f.Fix == "" {
		t.Errorf("got %v", err)
	}
}

func TestSystemdIsToldWhenItServesAndWhenItStops(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("systemd is not there")
	}
	dir, err := os.MkdirTemp("", "sd") //nolint:usetesting // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "notify")
	systemd, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	w := newWorld(t, "", func(c *serve.Config) { c.NotifySocket = socket })
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx, listeners[0], listeners[1]) }()
	told := func(want string) {
		t.Helper()
		if err := systemd.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 100)
		if n, _, err := systemd.ReadFrom(text); err != nil || string(text[:n]) != want {
			t.Errorf("systemd was told %q, %v", text[:n], err)
		}
	}
	told("READY=1")
	stop()
	told("STOPPING=1")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
