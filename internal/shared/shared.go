// Package shared shares state between the replicas of the mid-tier through Redis or
// Valkey: the results of exchanges, the request rate of each user, and the turns at the
// tenant.
//
// No replica depends on it. If Redis fails or is slow, a circuit opens for a second, and
// each replica uses only its own state. Redis is not trusted either: it never sees a token
// or the id of a user, and the store accepts only values that a replica has sealed.
package shared

import (
	"context"
	"crypto/rand"
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

// Config describes a Store. Password and Roots are optional.
type Config struct {
	Address  string // redis://[user@]host:port/number, or rediss:// for TLS
	Password string
	KeyFile  string         // keys, each 32 bytes in base64; reloaded when it changes
	Roots    *x509.CertPool // for TLS; nil for those of the system
	Log      *slog.Logger
}

const (
	timeout     = 250 * time.Millisecond // of a command; an exchange takes no longer
	maxFailures = 3                      // in a row, before the circuit opens
	openFor     = time.Second
)

const newKey = "make one with `openssl rand -base64 32`, give it to all replicas, and set cache-key-file"

// Store is a connection to Redis. It is safe for concurrent use.
type Store struct {
	redis   *redis.Client
	keys    *reload.Value[keyring]
	breaker *gobreaker.CircuitBreaker[any]
	replica string // identifies this replica
}

// Open returns a Store. An invalid configuration is a Usage fault. Open does not connect
// to Redis yet, so it succeeds if Redis is unavailable.
func Open(c Config) (*Store, error) {
	options, err := clientOptions(c)
	if err != nil {
		return nil, err
	}
	keys, err := openKeys(c)
	if err != nil {
		return nil, err
	}
	// The client writes every failed dial to standard error as plain text. The
	// circuit breaker logs it instead, once.
	logging.Disable()
	return &Store{
		redis:   redis.NewClient(options),
		keys:    keys,
		breaker: newBreaker(c.Log),
		replica: rand.Text(),
	}, nil
}

func clientOptions(c Config) (*redis.Options, error) {
	options, err := redis.ParseURL(c.Address)
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the address of the shared cache is invalid",
			Fix:  "set cache to an address such as redis://host:6379/0",
			Err:  err,
		}
	}
	if options.TLSConfig != nil {
		options.TLSConfig.RootCAs = c.Roots
		options.TLSConfig.MinVersion = tls.VersionTLS12
	}
	options.Password = c.Password
	options.DialTimeout = timeout
	options.ReadTimeout = timeout
	options.WriteTimeout = timeout
	options.PoolTimeout = timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1 // none, because an exchange is faster than a retry
	options.DisableIdentity = true
	return options, nil
}

func openKeys(c Config) (*reload.Value[keyring], error) {
	if c.KeyFile == "" {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "the shared cache has no key",
			Fix:  newKey,
		}
	}
	read := func() (keyring, error) { return readKeys(c.KeyFile) }
	keys, err := reload.New("the key of the shared cache", c.Log, read, c.KeyFile)
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("the key file of the shared cache, %s, cannot be used", c.KeyFile),
			Fix:  newKey,
			Err:  err,
		}
	}
	return keys, nil
}

func newBreaker(log *slog.Logger) *gobreaker.CircuitBreaker[any] {
	return gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Timeout:      openFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= maxFailures },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, redis.Nil) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errCallerDone) },
		// Half-open states, of which an outage has one a second, are not logged.
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				log.Warn("the shared cache is unavailable; continuing without it")
			case to == gobreaker.StateClosed:
				log.Info("the shared cache is available again")
			}
		},
	})
}

// ReloadKey checks the key file now. It reports whether the file holds a new key, or why
// it cannot be used, in which case the old one stays in use.
func (s *Store) ReloadKey() (changed bool, err error) { return s.keys.Reload() }

// KeyErr returns why the key file cannot be used since it changed last, or nil.
func (s *Store) KeyErr() error { return s.keys.Err() }

// Close closes the connections.
func (s *Store) Close() error { return s.redis.Close() }

// errCallerDone is the error of a command whose caller has disconnected or whose deadline is
// over, which says nothing about Redis.
var errCallerDone = errors.New("the context of the caller is done")

// try runs a command within the timeout, unless the circuit is open. It reports whether
// the command succeeded and found something.
func (s *Store) try(ctx context.Context, command func(context.Context) error) bool {
	_, err := s.breaker.Execute(func() (any, error) {
		limited, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		err := command(limited)
		if err != nil && ctx.Err() != nil {
			err = errCallerDone
		}
		return nil, err
	})
	return err == nil
}

// sealer returns the sealer of the first key.
func (s *Store) sealer() *sealer {
	ring, _ := s.keys.Get()
	return ring[0]
}

// Available reports whether Redis is available. It pings Redis, so that a replica without
// traffic notices too.
func (s *Store) Available() bool {
	return s.try(context.Background(), func(ctx context.Context) error { return s.redis.Ping(ctx).Err() })
}

// Check reports why the cache cannot be used as a fault: it does not answer, or it does
// not accept what replicas send, for example because it is a read-only replica.
func (s *Store) Check(ctx context.Context) error {
	seal := s.sealer()
	err := s.redis.Set(ctx, seal.name("check", nil), "", time.Second).Err()
	if err == nil {
		err = s.limit(ctx, seal.name("check limit", nil), 1).Err()
	}
	var rejected redis.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &rejected):
		return &fault.Error{
			Kind: fault.Usage,
			What: fmt.Sprintf("the shared cache rejects what replicas send: %.200s", rejected.Error()),
			Fix:  "check cache and cache-password, and that the user may write and run scripts",
			Err:  err,
		}
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: "the shared cache does not answer",
		Fix: "check cache and cache-password; without the cache, replicas work, " +
			"but share neither exchanges nor limits",
		Err: err,
	}
}

// Get returns the value that a replica has put and when it expires. It returns false if
// there is none, it has expired, or it was not sealed with one of the keys.
func (s *Store) Get(ctx context.Context, key bounded.Key) (value string, until time.Time, ok bool) {
	ring, _ := s.keys.Get()
	s.try(ctx, func(ctx context.Context) error {
		for _, seal := range ring {
			name := seal.name("obo", key[:])
			sealed, err := s.redis.Get(ctx, name).Bytes()
			if errors.Is(err, redis.Nil) {
				continue // it may be stored under an older key
			}
			value, until, ok = seal.open(name, sealed)
			return err
		}
		return redis.Nil
	})
	return value, until, ok && time.Now().Before(until)
}

// Put stores a value for all replicas until it expires.
func (s *Store) Put(ctx context.Context, key bounded.Key, value string, until time.Time) {
	left := time.Until(until)
	if left <= 0 {
		return
	}
	seal := s.sealer()
	name := seal.name("obo", key[:])
	s.try(ctx, func(ctx context.Context) error {
		return s.redis.Set(ctx, name, seal.seal(name, value, until), left).Err()
	})
}

// Delete removes a value for all replicas.
func (s *Store) Delete(ctx context.Context, key bounded.Key) {
	ring, _ := s.keys.Get()
	s.try(ctx, func(ctx context.Context) error {
		var err error
		for _, seal := range ring {
			err = errors.Join(err, s.redis.Del(ctx, seal.name("obo", key[:])).Err())
		}
		return err
	})
}

//go:embed limit.lua
var limitScript string

// Wait counts a request of a user in all replicas and returns how long the user has to
// wait, or 0 if the request is within the limit. It returns false if Redis is unavailable.
func (s *Store) Wait(ctx context.Context, user string, perMinute int) (wait time.Duration, ok bool) {
	name := s.sealer().name("limit", []byte(user))
	var micros int64
	ok = s.try(ctx, func(ctx context.Context) (err error) {
		micros, err = s.limit(ctx, name, perMinute).Int64()
		return err
	})
	return time.Duration(micros) * time.Microsecond, ok
}

// limit counts a request under a name and returns the time to wait in microseconds.
func (s *Store) limit(ctx context.Context, name string, perMinute int) *redis.Cmd {
	interval := time.Minute.Microseconds() / int64(perMinute)
	return redis.NewScript(limitScript).Run(ctx, s.redis, []string{name}, interval, perMinute)
}
