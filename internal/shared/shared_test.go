//go:build unix

package shared_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/shared"
	"github.com/profilectl/profilectl/internal/shared/redistest"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// server is a redis-server that requires a password.
type server struct {
	*redistest.Server
	t *testing.T
}

func startRedis(t *testing.T, more ...string) *server {
	t.Helper()
	required := os.Getenv("PROFILECTL_TEST_REQUIRE") != ""
	return &server{redistest.New(t, required, append(more, "--requirepass", "pass word")...), t}
}

// client returns a client that reads and changes what the server stores.
func (s *server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Address, Password: "pass word", DisableIdentity: true})
}

// open returns the store of one replica.
func (s *server) open(keyFile string, log io.Writer) *shared.Store {
	s.t.Helper()
	store, err := shared.Open(shared.Config{
		Address:  "redis://" + s.Address + "/0",
		Password: "pass word",
		KeyFile:  keyFile,
		Log:      slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	return store
}

const token = "eyJ.a token of Ada.x"

func TestStoreSharesWhatRedisCannotRead(t *testing.T) {
	s := startRedis(t)
	keyFile := newKeyFile(t)
	one, two := s.open(keyFile, io.Discard), s.open(keyFile, io.Discard)
	key, until := bounded.KeyOf("assertion"), time.Now().Add(time.Hour)
	one.Put(t.Context(), key, token, until)
	if got, end, ok := two.Get(t.Context(), key); !ok || got != token || end.Unix() != until.Unix() {
		t.Errorf("got %q until %v, %v", got, end, ok)
	}
	if _, ok := two.Wait(t.Context(), "user-id.tenant-id", 60); !ok {
		t.Error("the limit was not counted")
	}
	raw := s.client()
	defer raw.Close()
	names, err := raw.Keys(t.Context(), "*").Result()
	if err != nil || len(names) != 2 {
		t.Fatalf("redis has %q, %v", names, err)
	}
	for _, name := range names {
		value, err := raw.Get(t.Context(), name).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		left, err := raw.TTL(t.Context(), name).Result()
		if err != nil || left <= 0 || left > time.Hour {
			t.Errorf("%s stays for %v, %v", name, left, err)
		}
		for _, secret := range []string{"eyJ", "Ada", "user-id", string(key[:])} {
			if strings.Contains(name, secret) || bytes.Contains(value, []byte(secret)) {
				t.Errorf("redis can read %q", secret)
			}
		}
	}
	if _, _, ok := s.open(newKeyFile(t), io.Discard).Get(t.Context(), key); ok {
		t.Error("a store with another key opened the value")
	}
	two.Delete(t.Context(), key)
	if _, _, ok := one.Get(t.Context(), key); ok {
		t.Error("a replica finds what another one deleted")
	}
}

func TestStoreRejectsWhatNoReplicaSealed(t *testing.T) {
	s := startRedis(t)
	store := s.open(newKeyFile(t), io.Discard)
	mine, theirs := bounded.KeyOf("mine"), bounded.KeyOf("theirs")
	raw := s.client()
	defer raw.Close()
	name := func(key bounded.Key) string {
		t.Helper()
		before, _ := raw.Keys(t.Context(), "*").Result()
		store.Put(t.Context(), key, token, time.Now().Add(time.Hour))
		after, err := raw.Keys(t.Context(), "*").Result()
		if err != nil || len(after) != len(before)+1 {
			t.Fatalf("redis has %q, %v", after, err)
		}
		for _, n := range after {
			if !strings.Contains(strings.Join(before, " "), n) {
				return n
			}
		}
		return ""
	}
	myName, theirName := name(mine), name(theirs)
	good, err := raw.Get(t.Context(), myName).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := raw.Get(t.Context(), theirName).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for what, value := range map[string][]byte{
		"the token of another user": foreign,
		"a changed bit":             flipped,
		"a truncated value":         good[:20],
		"an empty value":            {},
		"garbage":                   []byte("garbage"),
		"the token in plain text":   []byte(token),
	} {
		if err := raw.Set(t.Context(), myName, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, _, ok := store.Get(t.Context(), mine); ok {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

func TestStoreLimitsUsersAcrossReplicas(t *testing.T) {
	s := startRedis(t)
	keyFile := newKeyFile(t)
	one, two := s.open(keyFile, io.Discard), s.open(keyFile, io.Discard)
	const perMinute = 6
	for i := range perMinute {
		if wait, ok := []*shared.Store{one, two}[i%2].Wait(t.Context(), "ada", perMinute); wait != 0 || !ok {
			t.Errorf("request %d: wait %v, %v", i, wait, ok)
		}
	}
	wait, ok := two.Wait(t.Context(), "ada", perMinute)
	if !ok || wait <= 0 || wait > 10*time.Second {
		t.Errorf("one request too many: wait %v, %v", wait, ok)
	}
	if wait, ok := one.Wait(t.Context(), "grace", perMinute); wait != 0 || !ok {
		t.Errorf("another user: wait %v, %v", wait, ok)
	}
}

func TestStoreNeverWaitsLongForRedis(t *testing.T) {
	s := startRedis(t)
	var log bytes.Buffer
	store := s.open(newKeyFile(t), &log)
	key := bounded.KeyOf("assertion")
	put := func() bool {
		store.Put(t.Context(), key, token, time.Now().Add(time.Hour))
		_, _, ok := store.Get(t.Context(), key)
		return ok
	}
	// becomes waits until Available reports that Redis is available, or unavailable.
	becomes := func(available bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if store.Available() == available {
				return
			}
			if put(); time.Now().After(deadline) {
				t.Fatalf("available is not %v: %s", available, &log)
			}
		}
	}
	if !put() || !store.Available() {
		t.Fatal("the store does not work at the start")
	}
	for name, c := range map[string]struct{ fail, repair func() }{
		"killed": {s.Kill, s.Start},
		"hanging": {
			func() { _ = s.Process.Process.Signal(syscall.SIGSTOP) },
			func() { _ = s.Process.Process.Signal(syscall.SIGCONT) },
		},
	} {
		c.fail()
		start := time.Now()
		if put() {
			t.Errorf("%s: the store still finds a value", name)
		}
		if _, ok := store.Wait(t.Context(), "ada", 1); ok {
			t.Errorf("%s: the store still counts requests", name)
		}
		for range 1000 {
			put()
		}
		// The first three requests wait for the timeout, then one a second does.
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: a thousand requests waited %v", name, took)
		}
		becomes(false)
		c.repair()
		becomes(true)
		if !put() {
			t.Errorf("%s: the store does not work afterwards", name)
		}
	}
	// Each of the two outages has one line when it begins and one when it ends.
	for _, line := range []string{
		"the shared cache is unavailable; continuing",
		"the shared cache is available again",
	} {
		if strings.Count(log.String(), line) != 2 {
			t.Errorf("the log says %s", &log)
		}
	}
}

func TestStoreTrustsOnlyItsCA(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, blocks ...[]byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Join(blocks, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	issue := func(name string) (ca, certificate, key string) {
		c, err := loopback.NewCertificate(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.TLS.Certificate[0]})
		encodedKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		return file(name+"-ca.pem", c.CA), file(name+".pem", encoded), file(name+".key", encodedKey)
	}
	ca, certificate, key := issue("redis")
	otherCA, _, _ := issue("other")
	s := startRedis(t, "--tls-port",
		"--tls-cert-file", certificate,
		"--tls-key-file", key,
		"--tls-ca-cert-file", ca,
		"--tls-auth-clients", "no",
	)
	for file, trusted := range map[string]bool{ca: true, otherCA: false} {
		roots, err := upstream.Roots(file)
		if err != nil {
			t.Fatal(err)
		}
		store, err := shared.Open(shared.Config{
			Address:  "rediss://" + s.Address + "/0",
			Password: "pass word",
			KeyFile:  newKeyFile(t),
			Roots:    roots,
			Log:      slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := store.Available(); got != trusted {
			t.Errorf("trusted: got %v, want %v", got, trusted)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReloadKeyUsesARenewedKeyAtOnce(t *testing.T) {
	s := startRedis(t)
	keyFile := newKeyFile(t)
	store := s.open(keyFile, io.Discard)
	key := bounded.KeyOf("assertion")
	writeKey(t, keyFile)
	if changed, err := store.ReloadKey(); !changed || err != nil || store.KeyErr() != nil {
		t.Errorf("changed %v, %v, %v", changed, err, store.KeyErr())
	}
	store.Put(t.Context(), key, token, time.Now().Add(time.Hour))
	if _, _, ok := s.open(keyFile, io.Discard).Get(t.Context(), key); !ok {
		t.Error("another replica cannot open what the new key sealed")
	}
	if err := os.WriteFile(keyFile, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := store.ReloadKey(); changed || err == nil || store.KeyErr() == nil {
		t.Errorf("an unusable key: changed %v, %v, %v", changed, err, store.KeyErr())
	}
	if _, _, ok := store.Get(t.Context(), key); !ok {
		t.Error("the old key is not used")
	}
}

func TestOpenRejectsInvalidConfigurations(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := newKeyFile(t)
	missing, short := filepath.Join(dir, "missing"), file("short", "c2hvcnQ=")
	empty, second := file("empty", "\n"), file("second", newKey()+"\nc2hvcnQ=\n")
	unusable := func(path string) string {
		return fmt.Sprintf("the key file of the shared cache, %s, cannot be used", path)
	}
	for _, c := range []struct{ name, address, key, what string }{
		{"no key", "redis://localhost", "", "the shared cache has no key"},
		{"a missing key file", "redis://localhost", missing, unusable(missing)},
		{"a key that is too short", "redis://localhost", short, unusable(short)},
		{"an empty key file", "redis://localhost", empty, unusable(empty)},
		{"a second key that is too short", "redis://localhost", second, unusable(second)},
		{"another scheme", "http://localhost", good, "the address of the shared cache is invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := shared.Open(shared.Config{Address: c.address, KeyFile: c.key, Log: slog.New(slog.DiscardHandler)})
			if f := fault.As(err); f.Kind != fault.Usage || f.What != c.what || f.Fix == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCheckSaysWhyTheCacheCannotBeUsed(t *testing.T) {
	s := startRedis(t)
	key := newKeyFile(t)
	store := s.open(key, io.Discard)
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A replica of Redis is read-only, also if its primary does not exist.
	if err := s.client().Do(t.Context(), "REPLICAOF", "localhost", "1").Err(); err != nil {
		t.Fatal(err)
	}
	err := store.Check(t.Context())
	if f := fault.As(err); f.Kind != fault.Usage || !strings.Contains(f.What, "READONLY") || f.Fix == "" {
		t.Errorf("got %v", err)
	}
	wrong, err := shared.Open(shared.Config{
		Address: "redis://" + s.Address, Password: "wrong", KeyFile: key, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = wrong.Check(t.Context())
	if f := fault.As(err); f.Kind != fault.Usage || !strings.Contains(f.What, "WRONGPASS") {
		t.Errorf("got %v", err)
	}
	s.Kill()
	if f := fault.As(store.Check(t.Context())); f.Kind != fault.Unavailable {
		t.Errorf("got %v", f)
	}
}
