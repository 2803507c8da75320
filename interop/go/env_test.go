// Package interop tests the sandbox with third-party Go clients.
// Run it with: profilectl sandbox exec -- go test ./...
package interop

import (
	"net/http"
	"os"
	"testing"

	"github.com/profilectl/profilectl/sandbox/loopback"
)

// env returns a variable that sandbox exec sets, and fails the test if it is missing.
func env(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run the tests with profilectl sandbox exec", name)
	}
	return value
}

// newHTTPClient returns a client that trusts only the sandbox's CA.
func newHTTPClient(t *testing.T) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(env(t, "SANDBOX_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: loopback.NewTransport(pem)}
}
