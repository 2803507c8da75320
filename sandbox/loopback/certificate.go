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
	"time"
)

const (
	leafLife = 365 * 24 * time.Hour
	renew    = 30 * 24 * time.Hour // before the end
	skew     = time.Hour           // clocks differ
)

// Certificate is a certificate for this machine's loopback names, with the CA
// that signed it.
type Certificate struct {
	TLS tls.Certificate
	CA  []byte // PEM
}

// NewCertificate makes a CA that is good for loopback names only, lets it sign
// one certificate, and forgets its key: nothing else can ever be signed by what
// people are asked to trust. Further names are for tests that address the
// tenant as the real service: whoever trusts such a CA takes the sandbox for it.
func NewCertificate(now time.Time, further ...string) (Certificate, error) {
	names := append([]string{"localhost"}, further...)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("make CA key: %w", err)
	}
	ca := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "profilectl sandbox CA"},
		NotBefore: now.Add(-skew), NotAfter: now.Add(leafLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: names,
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("make CA: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("make key: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: now.Add(-skew), NotAfter: now.Add(leafLife), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	return Certificate{
		TLS: tls.Certificate{Certificate: [][]byte{leafDER, caDER}, PrivateKey: leafKey},
		CA:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
	}, nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil { // crypto/rand never fails
		return big.NewInt(1)
	}
	return n
}

// Files of a certificate in the sandbox's folder.
const (
	caFile   = "ca.pem"
	leafFile = "localhost.pem" // certificate and key
)

// LoadCertificate returns the folder's certificate, made anew when there is
// none or it ends soon.
func LoadCertificate(dir string, now time.Time) (Certificate, error) {
	if c, err := readCertificate(dir); err == nil && c.TLS.Leaf != nil && now.Before(c.TLS.Leaf.NotAfter.Add(-renew)) && now.After(c.TLS.Leaf.NotBefore) {
		return c, nil
	}
	c, err := NewCertificate(now)
	if err != nil {
		return Certificate{}, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
	if err != nil {
		return Certificate{}, fmt.Errorf("encode key: %w", err)
	}
	leaf := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for _, der := range c.TLS.Certificate {
		leaf = append(leaf, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if err := writeFile(filepath.Join(dir, leafFile), leaf, 0o600); err != nil {
		return Certificate{}, err
	}
	return c, writeFile(filepath.Join(dir, caFile), c.CA, 0o644)
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
		return Certificate{}, errors.New("read CA: it did not sign this certificate")
	}
	return Certificate{TLS: pair, CA: ca}, nil
}
