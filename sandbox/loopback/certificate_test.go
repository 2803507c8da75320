package loopback_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
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
	for _, row := range []struct {
		further, names, ranges []string
	}{
		{nil, []string{"localhost"}, []string{"127.0.0.0/8", "::1/128"}},
		{
			further: []string{"contoso.example", "192.0.2.7", "2001:db8::7"},
			names:   []string{"localhost", "contoso.example"},
			ranges:  []string{"127.0.0.0/8", "::1/128", "192.0.2.7/32", "2001:db8::7/128"},
		},
	} {
		c, err := loopback.NewCertificate(time.Now(), row.further...)
		if err != nil {
			t.Fatal(err)
		}
		ca, err := x509.ParseCertificate(c.TLS.Certificate[1])
		if err != nil {
			t.Fatal(err)
		}
		var ranges []string
		for _, r := range ca.PermittedIPRanges {
			ranges = append(ranges, r.String())
		}
		if !slices.Equal(ca.PermittedDNSDomains, row.names) || !slices.Equal(ranges, row.ranges) {
			t.Errorf("the CA can sign for %v and %v, want %v and %v",
				ca.PermittedDNSDomains, ranges, row.names, row.ranges)
		}
		if !ca.PermittedDNSDomainsCritical || !ca.MaxPathLenZero {
			t.Errorf("the CA can sign more: critical %v, no sub-CAs %v",
				ca.PermittedDNSDomainsCritical, ca.MaxPathLenZero)
		}
	}
}

func TestLoadCertificateDoesNotStoreTheKeyOfTheCA(t *testing.T) {
	dir := t.TempDir()
	c, err := loopback.LoadCertificate(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{} // the types of the PEM blocks, by file
	var key []byte
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
			if types = append(types, block.Type); block.Type == "PRIVATE KEY" {
				key = block.Bytes
			}
		}
		blocks[entry.Name()] = strings.Join(types, ", ")
	}
	want := map[string]string{"ca.pem": "CERTIFICATE", "localhost.pem": "PRIVATE KEY, CERTIFICATE, CERTIFICATE"}
	if !maps.Equal(blocks, want) {
		t.Errorf("the directory has %v, want %v", blocks, want)
	}
	leaf, err := x509.ParseCertificate(c.TLS.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	stored, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if signer, ok := stored.(*ecdsa.PrivateKey); !ok || !signer.PublicKey.Equal(leaf.PublicKey) {
		t.Error("the stored key is not the key of the certificate")
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
