//go:build unix

package shared_test

import (
	"fmt"
	"io"
	"testing"
	"time"
)

const interval = 50 * time.Millisecond

func TestStoreGivesReplicasTurnsOneAfterTheOther(t *testing.T) {
	s := startRedis(t)
	// Services with different keys share an address too.
	one, two := s.open(newKeyFile(t), io.Discard), s.open(newKeyFile(t), io.Discard)
	start := time.Now()
	first, ok := one.Reserve(t.Context(), "nat", 4, time.Second)
	if !ok || first.Wait != 0 || first.Paused != 0 || first.Replicas != 1 {
		t.Errorf("the first one got %+v, %v", first, ok)
	}
	second, ok := two.Reserve(t.Context(), "nat", 1, time.Second)
	elapsed := time.Since(start)
	if !ok || second.Wait > 4*time.Second || second.Wait < 4*time.Second-elapsed || second.Replicas != 2 {
		t.Errorf("the second one got %+v, %v after %v", second, ok, elapsed)
	}
	if other, ok := two.Reserve(t.Context(), "other", 1, time.Second); !ok || other.Wait != 0 {
		t.Errorf("at another address: %+v, %v", other, ok)
	}
	raw := s.client()
	defer raw.Close()
	if left, err := raw.TTL(t.Context(), "profilectl:1:egress:nat").Result(); err != nil || left <= 0 {
		t.Errorf("the entry stays for %v, %v", left, err)
	}
}

func TestStorePausesAllReplicas(t *testing.T) {
	s := startRedis(t)
	one, two := s.open(newKeyFile(t), io.Discard), s.open(newKeyFile(t), io.Discard)
	one.Pause(t.Context(), "nat", time.Minute)
	one.Pause(t.Context(), "nat", time.Second) // does not end the first one
	got, ok := two.Reserve(t.Context(), "nat", 1, interval)
	if !ok || got.Paused < 50*time.Second || got.Paused > time.Minute || got.Wait != got.Paused {
		t.Errorf("got %+v, %v", got, ok)
	}
}

// TestStoreMovesTurnsWithTheClockOfRedis has a clock that was set back by an hour: what is
// stored is an hour ahead.
func TestStoreMovesTurnsWithTheClockOfRedis(t *testing.T) {
	s := startRedis(t)
	store := s.open(newKeyFile(t), io.Discard)
	raw := s.client()
	defer raw.Close()
	ahead := time.Now().Add(time.Hour).UnixMicro()
	const name = "profilectl:1:egress:nat"
	text := func(d time.Duration) string { return fmt.Sprint(ahead + d.Microseconds()) }
	if err := raw.HSet(t.Context(), name,
		"now", text(0), "next", text(2*time.Second), "paused", text(0)).Err(); err != nil {
		t.Fatal(err)
	}
	got, ok := store.Reserve(t.Context(), "nat", 1, interval)
	if !ok || got.Wait != 2*time.Second || got.Paused != 0 {
		t.Errorf("set back: %+v, %v", got, ok)
	}
	if err := raw.HSet(t.Context(), name, "now", "5", "next", "10", "paused", "10").Err(); err != nil {
		t.Fatal(err)
	}
	if got, ok := store.Reserve(t.Context(), "nat", 1, interval); !ok || got.Wait != 0 || got.Paused != 0 {
		t.Errorf("set forward: %+v, %v", got, ok)
	}
}

func TestStoreForgetsReplicasThatReserveNoTurns(t *testing.T) {
	s := startRedis(t)
	store := s.open(newKeyFile(t), io.Discard)
	raw := s.client()
	defer raw.Close()
	old := fmt.Sprint(time.Now().Add(-11 * time.Minute).UnixMicro())
	recent := fmt.Sprint(time.Now().Add(-9 * time.Minute).UnixMicro())
	const name = "profilectl:1:egress:nat"
	if err := raw.HSet(t.Context(), name, "replica old", old, "replica recent", recent).Err(); err != nil {
		t.Fatal(err)
	}
	if got, ok := store.Reserve(t.Context(), "nat", 1, interval); !ok || got.Replicas != 2 {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func TestStoreReservesNothingWithoutRedis(t *testing.T) {
	s := startRedis(t)
	store := s.open(newKeyFile(t), io.Discard)
	s.Kill()
	start := time.Now()
	for range 10 {
		if got, ok := store.Reserve(t.Context(), "nat", 1, interval); ok {
			t.Errorf("got %+v", got)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
