package setup

import (
	"net/http"
	"testing"

	"github.com/profilectl/profilectl/internal/upstream"
)

// retryingClient returns the HTTP client that profilectl uses.
func retryingClient(t *testing.T) *http.Client {
	t.Helper()
	client, err := upstream.New(upstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
