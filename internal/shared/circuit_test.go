//go:build unix

package shared_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/bounded"
)

// TestStoreDoesNotBlameRedisForTheDeadlineOfACaller has enough of them to open the circuit.
func TestStoreDoesNotBlameRedisForTheDeadlineOfACaller(t *testing.T) {
	var log bytes.Buffer
	store := startRedis(t).open(newKeyFile(t), &log)
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for range 5 {
		store.Put(ctx, bounded.KeyOf("assertion"), token, time.Now().Add(time.Hour))
	}
	if !store.Available() || log.Len() > 0 {
		t.Errorf("the circuit is open: %s", &log)
	}
}
