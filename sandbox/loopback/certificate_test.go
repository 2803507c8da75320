package loopback_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

func TestCertificateIsValidForLoopbackNamesOnly(t *testing.T) {
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
		t.Fatal("the CA is not PEM")
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
	otherName := &tls.Config{RootCAs: roots, ServerName: "login.example"}
	_, err = tls.Dial("tcp", net.JoinHostPort("127.0.0.1", port), otherName)
	if _, mismatch := errors.AsType[x509.HostnameError](err); !mismatch {
		t.Errorf("another name: got %v", err)
	}
	if _, err := http.Get("https://localhost:" + port); err == nil {
		t.Error("a client without the CA accepts the certificate")
	}
}

func TestCertificateAuthorityIsLimitedToLoopbackNames(t *testing.T) {
	c, err := loopback.NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(c.TLS.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	if !ca.PermittedDNSDomainsCritical || ca.PermittedDNSDomains[0] != "localhost" || !ca.MaxPathLenZero {
		t.Errorf("the CA can sign more: names %v, critical %v, no sub-CAs %v",
			ca.PermittedDNSDomains, ca.PermittedDNSDomainsCritical, ca.MaxPathLenZero)
	}
}

func TestLoadCertificateRenewsBeforeExpiry(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	first, err := loopback.LoadCertificate(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	same, err := loopback.LoadCertificate(dir, now.Add(300*24*time.Hour))
	if err != nil || !bytes.Equal(same.CA, first.CA) {
		t.Errorf("renewed 65 days before expiry: %v", err)
	}
	renewed, err := loopback.LoadCertificate(dir, now.Add(340*24*time.Hour))
	if err != nil || bytes.Equal(renewed.CA, first.CA) {
		t.Errorf("not renewed 25 days before expiry: %v", err)
	}
	withName, err := loopback.LoadCertificate(dir, now, "contoso.example")
	if err != nil || bytes.Equal(withName.CA, renewed.CA) {
		t.Errorf("not renewed for another name: %v", err)
	}
	same, err = loopback.LoadCertificate(dir, now)
	if err != nil || !bytes.Equal(same.CA, withName.CA) {
		t.Errorf("renewed although it covers all names: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "localhost.pem"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the key: %v, %v", info.Mode(), err)
	}
}
