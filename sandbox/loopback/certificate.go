package loopback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	validity    = 365 * 24 * time.Hour // of the CA and of the certificate
	renewBefore = 30 * 24 * time.Hour  // before the end of the validity
	clockSkew   = time.Hour            // accepted for clients whose clocks are slow
)

// Certificate holds a certificate for the loopback names, with the CA that signed
// it.
type Certificate struct {
	TLS tls.Certificate
	CA  []byte // PEM
}

// NewCertificate creates a CA for loopback names, signs one certificate with it,
// and discards the key of the CA, so that users who trust the CA trust nothing
// but this certificate. Further names, or IP addresses, are for clients on other
// machines, and for tests that address the tenant by the host names of the real
// service: a client that trusts such a CA accepts the sandbox as the real service.
func NewCertificate(now time.Time, further ...string) (Certificate, error) {
	names, addresses := split(further)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("generate CA key: %w", err)
	}
	ca := caTemplate(now, names, addresses)
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("create CA: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("generate key: %w", err)
	}
	leaf := leafTemplate(now, names, addresses)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("create certificate: %w", err)
	}
	return Certificate{
		TLS: tls.Certificate{Certificate: [][]byte{leafDER, caDER}, PrivateKey: leafKey},
		CA:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
	}, nil
}

// split returns localhost and the names, and the IP addresses among them.
func split(further []string) (names []string, addresses []net.IP) {
	names = []string{"localhost"}
	for _, name := range further {
		if ip := net.ParseIP(name); ip != nil {
			addresses = append(addresses, ip)
		} else {
			names = append(names, name)
		}
	}
	return names, addresses
}

// caTemplate returns a CA that cannot sign other CAs or certificates for other
// names and addresses.
func caTemplate(now time.Time, names []string, addresses []net.IP) *x509.Certificate {
	ranges := []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
	for _, ip := range addresses {
		if v4 := ip.To4(); v4 != nil {
			ip = v4
		}
		ranges = append(ranges, &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))})
	}
	return &x509.Certificate{
		SerialNumber:                newSerial(),
		Subject:                     pkix.Name{CommonName: "profilectl sandbox CA"},
		NotBefore:                   now.Add(-clockSkew),
		NotAfter:                    now.Add(validity),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         names,
		PermittedIPRanges:           ranges,
	}
}

func leafTemplate(now time.Time, names []string, addresses []net.IP) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: newSerial(),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names,
		IPAddresses:  append(addresses, net.IPv4(127, 0, 0, 1), net.IPv6loopback),
	}
}

func newSerial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil { // crypto/rand never fails
		return big.NewInt(1)
	}
	return n
}

// The files of a certificate in the sandbox's directory.
const (
	caFile   = "ca.pem"
	leafFile = "localhost.pem" // certificate and key
)

// LoadCertificate returns the certificate that a directory holds. It creates a new
// one, as NewCertificate does, if there is none, if it lacks one of the further
// names, or if it expires within 30 days.
func LoadCertificate(dir string, now time.Time, further ...string) (Certificate, error) {
	if c, err := readCertificate(dir); err == nil && c.current(now) && c.covers(further) {
		return c, nil
	}
	c, err := NewCertificate(now, further...)
	if err != nil {
		return Certificate{}, err
	}
	return c, c.write(dir)
}

// current reports whether the certificate is valid and not due for renewal.
func (c Certificate) current(now time.Time) bool {
	leaf := c.TLS.Leaf
	return leaf != nil && now.After(leaf.NotBefore) && now.Before(leaf.NotAfter.Add(-renewBefore))
}

// covers reports whether the certificate is valid for all names.
func (c Certificate) covers(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return c.TLS.Leaf.VerifyHostname(name) != nil
	})
}

func (c Certificate) write(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	leaf := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for _, der := range c.TLS.Certificate {
		leaf = append(leaf, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if err := writeFile(filepath.Join(dir, leafFile), leaf, 0o600); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, caFile), c.CA, 0o644)
}

func readCertificate(dir string) (Certificate, error) {
	path := filepath.Join(dir, leafFile)
	pair, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return Certificate{}, fmt.Errorf("read certificate: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		return Certificate{}, fmt.Errorf("read CA: %w", err)
	}
	block, _ := pem.Decode(ca)
	if block == nil || len(pair.Certificate) < 2 || string(block.Bytes) != string(pair.Certificate[1]) {
		return Certificate{}, errors.New("read CA: the CA did not sign the certificate")
	}
	return Certificate{TLS: pair, CA: ca}, nil
}
