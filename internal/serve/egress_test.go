//go:build unix

package serve_test

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/shared/redistest"
)

// TestReplicasShareTheTurnsOfAnEgressAddress has two replicas that could send their
// exchanges in half the time if each had an address for itself.
func TestReplicasShareTheTurnsOfAnEgressAddress(t *testing.T) {
	redis := redistest.New(t, os.Getenv("PROFILECTL_TEST_REQUIRE") != "")
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(base64.StdEncoding.EncodeToString(key[:])), 0o600); err != nil {
		t.Fatal(err)
	}
	var settings serve.Settings
	w := newWorld(t, paced(5), func(s *serve.Settings) {
		s.Egress = "nat"
		s.Cache = serve.CacheSettings{Address: "redis://" + redis.Address + "/0", KeyFile: keyFile}
		settings = *s
	})
	other, err := serve.Open(t.Context(), settings, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	const users = 8
	tokens := make([]string, users)
	for i := range tokens {
		tokens[i] = w.token(t, w.tenant.Facts().EditScope)
	}
	edit := func(h http.Handler, token string) {
		req := httptest.NewRequest(http.MethodPost, "/updateUserInfo", strings.NewReader(howTo))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		if res.Code != http.StatusNoContent {
			t.Errorf("got %d %s", res.Code, res.Body)
		}
	}
	start := time.Now()
	var group sync.WaitGroup
	for i, token := range tokens {
		h := []http.Handler{w.handler, other.Public()}[i%2]
		group.Go(func() { edit(h, token) })
	}
	group.Wait()
	if took := time.Since(start); took < (users-1)*time.Second/5 {
		t.Errorf("%d exchanges at 5 a second took %v", users, took)
	}
	redis.Kill()
	edit(w.handler, w.token(t, w.tenant.Facts().EditScope)) // with this replica's part of the rate
}
