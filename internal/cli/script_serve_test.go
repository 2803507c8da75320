package cli

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/rogpeppe/go-internal/testscript"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// certificateCommand writes a certificate with its key: certificate FILE [expired].
func certificateCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: certificate FILE [expired]")
	}
	now := time.Now()
	if len(args) == 2 {
		now = now.AddDate(0, 0, -1)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// platformTokenCommand writes a token that a platform issues to a workload, and the
// platform's public key: platform-token FILE KEYFILE ISSUER SUBJECT.
func platformTokenCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: platform-token FILE KEYFILE ISSUER SUBJECT")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    args[2],
		Subject:   args[3],
		Audience:  jwt.ClaimStrings{"api://AzureADTokenExchange"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString(key)
	ts.Check(err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ts.Check(err)
	ts.Check(errors.Join(
		os.WriteFile(ts.MkAbs(args[0]), []byte(token+"\n"), 0o600),
		os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600),
	))
}

// collectorCommand starts a collector of traces that writes what it receives to a
// file: collector VARIABLE FILE.
func collectorCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: collector VARIABLE FILE")
	}
	file, err := os.OpenFile(ts.MkAbs(args[1]), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var data tracepb.TracesData
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, proto.Unmarshal(body, &data)); err != nil {
			fmt.Fprintln(file, err)
			return
		}
		for _, resource := range data.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, span := range scope.Spans {
					fmt.Fprintln(file, span.Name)
					for _, a := range span.Attributes {
						fmt.Fprintln(file, "  "+a.Key+" "+a.Value.String())
					}
					fmt.Fprintln(file, " ", span.Status, span.Events)
				}
			}
		}
	}))
	ts.Defer(func() { server.Close(); _ = file.Close() })
	ts.Setenv(args[0], server.URL)
}
