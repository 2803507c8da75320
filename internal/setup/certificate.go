package setup

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// NewCertificate returns a new RSA key with a self-signed certificate as PEM, as the
// mid-tier reads them, and the certificate as DER. Entra trusts exactly the certificates
// that an application lists, so no CA is needed.
func NewCertificate(name string, lifetime time.Duration) (pemFile, der []byte, err error) {
	const bits, serialBits = 3072, 128
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, nil, fmt.Errorf("make serial number: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Minute),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	if der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key); err != nil {
		return nil, nil, fmt.Errorf("make certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("write key: %w", err)
	}
	pemFile = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return append(pemFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), der, nil
}

// ParseCertificate returns the first certificate of a PEM file as DER.
func ParseCertificate(pemFile []byte) ([]byte, error) {
	for {
		var block *pem.Block
		if block, pemFile = pem.Decode(pemFile); block == nil {
			return nil, errors.New("setup: the file has no certificate")
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		return block.Bytes, nil
	}
}
