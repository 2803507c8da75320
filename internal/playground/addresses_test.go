package playground_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// The test host has no name in DNS: the client's dialer maps it, as the network of a
// container does.
func TestStartServesAnotherHost(t *testing.T) {
	p := start(t, playground.Options{Bind: "0.0.0.0", Host: "idp.test"})
	ca, err := os.ReadFile(p.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ca)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil || strings.Join(certificate.PermittedDNSDomains, " ") != "localhost idp.test" {
		t.Errorf("the CA may sign for %v: %v", certificate.PermittedDNSDomains, err)
	}
	transport := loopback.NewTransport(ca)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	for _, address := range []string{
		p.Facts.Authority + "/v2.0/.well-known/openid-configuration",
		p.Facts.Pages + "/",
		p.Facts.Mailbox,
		p.MidTier + "/openapi.yaml",
	} {
		if !strings.HasPrefix(address, "https://idp.test:") {
			t.Errorf("the address is %s", address)
		}
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d", address, res.StatusCode)
		}
	}
	remote := &control.Client{URL: p.ControlURL, Key: p.ControlKey, HTTP: client}
	if facts, err := remote.Facts(t.Context()); err != nil || facts.Authority != p.Facts.Authority {
		t.Errorf("the control API: %+v, %v", facts, err)
	}
	foreign := strings.Replace(p.Facts.Authority, "idp.test", "other.test", 1)
	if res, err := client.Get(foreign); err == nil {
		res.Body.Close()
		t.Error("the certificate is valid for another name")
	}
}

func TestStartServesAnIPAddress(t *testing.T) {
	p := start(t, playground.Options{Bind: "127.0.0.1", Host: "127.0.0.1"})
	ca, err := os.ReadFile(p.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	api, err := url.Parse(p.Facts.Authority)
	if err != nil || api.Hostname() != "127.0.0.1" {
		t.Fatalf("the authority is %s", p.Facts.Authority)
	}
	res, err := (&http.Client{Transport: loopback.NewTransport(ca)}).Get(p.Facts.Pages)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestStartRejectsAddressesThatCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		options playground.Options
		what    string
	}{
		{playground.Options{Bind: "idp.test"}, `"idp.test" is not an IP address`},
		{playground.Options{Bind: "127.0.0.1"}, "a sandbox on 127.0.0.1 alone cannot be reached as localhost"},
		{playground.Options{Host: "https://idp.test"}, `invalid host name "https://idp.test"`},
		{playground.Options{Host: "idp.test:8443"}, `invalid host name "idp.test:8443"`},
		{playground.Options{Host: "*.test"}, `invalid host name "*.test"`},
	} {
		p, err := playground.Start(t.Context(), c.options)
		f := fault.As(err)
		if p != nil || f.Kind != fault.Usage || f.What != c.what || f.Advice() == "" {
			t.Errorf("%+v: got %v", c.options, err)
		}
	}
}
