package bearer

import (
	"context"
	"errors"
	"time"

	"github.com/MicahParks/jwkset"
	"golang.org/x/time/rate"
)

const (
	refreshEvery = time.Hour
	fetchTimeout = 10 * time.Second
	unknownEvery = 30 * time.Second // how often an unknown key id may fetch the keys
	unknownBurst = 2
	// minBackoff and maxBackoff limit the delays of an exponential backoff, with which
	// the first fetch is retried if it fails.
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
)

// keys are the tenant's.
type keys struct {
	known jwkset.Storage // the keys that were fetched
	fresh jwkset.Storage // fetches the keys if one is not known, at a limited rate
}

// read returns the key with an id. Only an unknown one is fetched, and not for the caller
// alone: one that disconnects must not use up the limit without a fetch.
func (k keys) read(ctx context.Context, id string) (jwkset.JWK, error) {
	key, err := k.known.KeyRead(ctx, id)
	if !errors.Is(err, jwkset.ErrKeyNotFound) {
		return key, err
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	return k.fresh.KeyRead(ctx, id)
}

// detach returns a context with ctx's deadline that is not canceled with ctx.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(detached, deadline)
	}
	return detached, func() {}
}

// fetchKeys returns the tenant's keys and keeps them up to date until ctx ends.
func fetchKeys(ctx context.Context, c Config) (keys, error) {
	once := jwkset.HTTPClientStorageOptions{
		Client:                    c.HTTP,
		Ctx:                       ctx,
		HTTPTimeout:               fetchTimeout,
		NoErrorReturnFirstHTTPReq: true,
		Storage:                   lasting{jwkset.NewMemoryStorage()},
		RefreshErrorHandler: func(_ context.Context, err error) {
			c.Log.Warn("signing keys cannot be fetched", "error", err)
		},
	}
	always := once
	always.RefreshInterval = refreshEvery
	remote, err := jwkset.NewStorageFromHTTP(c.Authority.JWKSURI, always)
	if err != nil {
		return keys{}, err
	}
	go func() {
		for delay := minBackoff; !hasKeys(ctx, remote); delay = min(2*delay, maxBackoff) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(delay):
				// This fills the same storage; failures are logged.
				_, _ = jwkset.NewStorageFromHTTP(c.Authority.JWKSURI, once)
			}
		}
	}()
	fresh, err := jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs:          map[string]jwkset.Storage{c.Authority.JWKSURI: remote},
		RateLimitWaitMax:  fetchTimeout,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(unknownEvery), unknownBurst),
	})
	return keys{known: remote, fresh: fresh}, err
}

// hasKeys reports whether the storage holds any keys.
func hasKeys(ctx context.Context, keys jwkset.Storage) bool {
	all, err := keys.KeyReadAll(ctx)
	return err == nil && len(all) > 0
}

// lasting keeps its keys if the tenant sends an empty set: a short fault of the
// tenant must not lock all users out.
type lasting struct{ *jwkset.MemoryJWKSet }

// KeyReplaceAll replaces the keys, unless there are no new ones.
func (l lasting) KeyReplaceAll(ctx context.Context, keys []jwkset.JWK) error {
	if len(keys) == 0 {
		return errors.New("the tenant sent no keys")
	}
	return l.MemoryJWKSet.KeyReplaceAll(ctx, keys)
}
