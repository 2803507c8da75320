// Package shared is what replicas of the mid-tier share through Redis or Valkey:
// the results of exchanges, and how often each user was served.
//
// Nothing depends on it. Where Redis does not answer at once it is left alone for
// a moment, and each replica goes by what it knows itself. Redis is not trusted
// either: it never sees a token or a user's id, and what it says counts only if
// this service sealed it.
package shared

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/sony/gobreaker/v2"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/reload"
)

// Config is what a Store needs.
type Config struct {
	Address  string // redis://[user@]host:port/number, or rediss:// for TLS
	Password string
	KeyFile  string         // 32 bytes in base64; read again when it changes
	Roots    *x509.CertPool // for TLS; nil for the system's
	Log      *slog.Logger
}

const (
	patience     = 250 * time.Millisecond // for one answer: more than that, and an exchange is as fast
	manyFailures = 3                      // in a row, and Redis is left alone
	leaveAlone   = time.Second
)

const newKey = "make one with `openssl rand -base64 32`, give it to all replicas, and set cache-key-file"

// Store is a connection to Redis. It is safe for concurrent use.
type Store struct {
	redis   *redis.Client
	keys    *reload.Value[*sealer]
	breaker *gobreaker.CircuitBreaker[any]
}

// Open returns a Store. It fails with a Usage fault where the configuration
// cannot be used; whether Redis answers does not matter yet.
func Open(c Config) (*Store, error) {
	options, err := redis.ParseURL(c.Address)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Usage, What: "the address of the shared cache cannot be used", Fix: "write cache as redis://host:6379/0", Err: err}
	}
	if c.KeyFile == "" {
		return nil, &fault.Error{Kind: fault.Usage, What: "the shared cache has no key", Fix: newKey}
	}
	keys, err := reload.New("the key of the shared cache", c.Log, func() (*sealer, error) { return readKey(c.KeyFile) }, c.KeyFile)
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage, What: fmt.Sprintf("the key file of the shared cache, %s, cannot be used", c.KeyFile),
			Fix: newKey, Err: err,
		}
	}
	if options.TLSConfig != nil {
		options.TLSConfig.RootCAs, options.TLSConfig.MinVersion = c.Roots, tls.VersionTLS12
	}
	options.Password = c.Password
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = patience, patience, patience, patience
	options.MaxRetries, options.ContextTimeoutEnabled = -1, true // no retries: an exchange is the better one
	options.DisableIdentity = true
	// The client writes every failed dial to standard error as plain text. That Redis
	// is away is said by the breaker, once, in the log's own form.
	logging.Disable()
	return &Store{redis: redis.NewClient(options), keys: keys, breaker: gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Timeout:      leaveAlone,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= manyFailures },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, redis.Nil) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller went away
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.Log.Warn("shared cache", "state", to.String())
		},
	})}, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.redis.Close() }

// try asks Redis, unless it is left alone. It tells whether there was an answer,
// and something in it.
func (s *Store) try(ctx context.Context, ask func(context.Context) error) bool {
	_, err := s.breaker.Execute(func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return nil, ask(ctx)
	})
	return err == nil
}

// Degraded names the shared cache if it does not answer: it is asked, so that a
// service without traffic knows too.
func (s *Store) Degraded() []string {
	if s.try(context.Background(), func(ctx context.Context) error { return s.redis.Ping(ctx).Err() }) {
		return nil
	}
	return []string{"shared cache"}
}

// Get returns what some replica put there, if its time is not over.
func (s *Store) Get(ctx context.Context, key bounded.Key) (value string, until time.Time, ok bool) {
	seal, _ := s.keys.Get()
	name := seal.name("obo", key[:])
	var sealed []byte
	found := s.try(ctx, func(ctx context.Context) (err error) {
		sealed, err = s.redis.Get(ctx, name).Bytes()
		return err
	})
	if !found {
		return "", time.Time{}, false
	}
	value, until, ok = seal.open(name, sealed)
	return value, until, ok && time.Now().Before(until)
}

// Put keeps a value for all replicas until a moment.
func (s *Store) Put(ctx context.Context, key bounded.Key, value string, until time.Time) {
	left := time.Until(until)
	if left <= 0 {
		return
	}
	seal, _ := s.keys.Get()
	name := seal.name("obo", key[:])
	s.try(ctx, func(ctx context.Context) error {
		return s.redis.Set(ctx, name, seal.seal(name, value, until), left).Err()
	})
}

// Delete takes a value from all replicas.
func (s *Store) Delete(ctx context.Context, key bounded.Key) {
	seal, _ := s.keys.Get()
	s.try(ctx, func(ctx context.Context) error { return s.redis.Del(ctx, seal.name("obo", key[:])).Err() })
}

//go:embed limit.lua
var limitScript string

// Wait counts a request of a user and returns how long the user has to wait;
// zero for not at all. It tells whether Redis answered.
func (s *Store) Wait(ctx context.Context, user string, perMinute int) (wait time.Duration, ok bool) {
	seal, _ := s.keys.Get()
	var micros int64
	ok = s.try(ctx, func(ctx context.Context) (err error) {
		micros, err = redis.NewScript(limitScript).Run(ctx, s.redis, []string{seal.name("limit", []byte(user))}, time.Minute.Microseconds()/int64(perMinute), perMinute).Int64()
		return err
	})
	return time.Duration(micros) * time.Microsecond, ok
}
