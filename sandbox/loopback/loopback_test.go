package loopback_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("TEST_SAVER"); dir != "" {
		fmt.Fprintln(os.Stderr, saveForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv("TEST_SANDBOX"); dir != "" {
		fmt.Fprintln(os.Stderr, edit(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestTheCertificateIsGoodForThisMachineAlone(t *testing.T) {
	c, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := loopback.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	config := &tls.Config{Certificates: []tls.Certificate{c.TLS}}
	go func() { _ = server.Serve(tls.NewListener(l, config)) }()
	defer server.Close()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.CA) {
		t.Fatal("the CA is no PEM")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	port := strconv.Itoa(l.Port())
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		res, err := client.Get("https://" + host + ":" + port + "/")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		res.Body.Close()
	}
	_, err = tls.Dial("tcp", net.JoinHostPort("127.0.0.1", port), &tls.Config{RootCAs: roots, ServerName: "login.example"})
	if _, wrong := errors.AsType[x509.HostnameError](err); !wrong {
		t.Errorf("another name: got %v", err)
	}
	if _, err := http.Get("https://localhost:" + port); err == nil {
		t.Error("it is trusted without the CA")
	}
	leaf, err := x509.ParseCertificate(c.TLS.Certificate[1])
	if err != nil || !leaf.PermittedDNSDomainsCritical || leaf.PermittedDNSDomains[0] != "localhost" || !leaf.MaxPathLenZero {
		t.Errorf("the CA could sign more: %v", err)
	}
}

func TestTheCertificateIsKeptAndRenewed(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	first, err := loopback.LoadCertificate(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	same, err := loopback.LoadCertificate(dir, now.Add(300*24*time.Hour))
	if err != nil || !bytes.Equal(same.CA, first.CA) {
		t.Errorf("it was made anew too early: %v", err)
	}
	fresh, err := loopback.LoadCertificate(dir, now.Add(340*24*time.Hour))
	if err != nil || bytes.Equal(fresh.CA, first.CA) {
		t.Errorf("it was not renewed: %v", err)
	}
	info, err := os.Stat(dir + "/localhost.pem")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

func TestABusyPortIsSaid(t *testing.T) {
	l, err := loopback.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := loopback.Listen(l.Port()); !errors.Is(err, loopback.ErrBusy) {
		t.Errorf("got %v", err)
	}
}

func TestAFolderHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	f, err := loopback.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loopback.OpenFolder(dir); !errors.Is(err, loopback.ErrInUse) {
		t.Errorf("got %v", err)
	}
	ports := loopback.Ports{API: 1, Pages: 2, MidTier: 3}
	if err := errors.Join(f.KeepPorts(ports), f.Close()); err != nil {
		t.Fatal(err)
	}
	if f, err = loopback.OpenFolder(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Ports(); err != nil || got != ports {
		t.Errorf("got %v, %v", got, err)
	}
}

// saveForEver is the process that gets killed.
func saveForEver(dir string) error {
	f, err := loopback.OpenFolder(dir)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := f.Save(state(n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func state(n int) []byte { return fmt.Appendf(nil, "%d %s", n, bytes.Repeat([]byte("x"), 200_000)) }

func TestAKillLeavesTheLastAcknowledgedStateOrTheNext(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), "TEST_SAVER="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		said := -1
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if said, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if said == 5 {
				_ = c.Process.Kill()
			}
		}
		_ = c.Wait() // it was killed
		f, err := loopback.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Load()
		if err != nil || !bytes.Equal(got, state(said)) && !bytes.Equal(got, state(said+1)) {
			t.Errorf("after %d: got %.10q…, %d bytes, %v", said, got, len(got), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
