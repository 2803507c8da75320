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
	// A tenant whose keys could not be had at the start is asked again so soon,
	// and then more and more rarely.
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// fetchKeys returns the tenant's keys, which are kept up to date until ctx ends.
func fetchKeys(ctx context.Context, c Config) (jwkset.Storage, error) {
	once := jwkset.HTTPClientStorageOptions{
		Client: c.HTTP, Ctx: ctx, HTTPTimeout: fetchTimeout, NoErrorReturnFirstHTTPReq: true, Storage: lasting{jwkset.NewMemoryStorage()},
		RefreshErrorHandler: func(_ context.Context, err error) { c.Log.Warn("signing keys cannot be fetched", "error", err) },
	}
	always := once
	always.RefreshInterval = refreshEvery
	remote, err := jwkset.NewStorageFromHTTP(c.Authority.JWKSURI, always)
	if err != nil {
		return nil, err
	}
	go func() {
		for pause := firstPause; !some(ctx, remote); pause = min(2*pause, mostPause) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
				_, _ = jwkset.NewStorageFromHTTP(c.Authority.JWKSURI, once) // into the same storage; what fails is logged
			}
		}
	}()
	return jwkset.NewHTTPClient(jwkset.HTTPClientOptions{
		HTTPURLs: map[string]jwkset.Storage{c.Authority.JWKSURI: remote}, RateLimitWaitMax: fetchTimeout,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(unknownEvery), unknownBurst),
	})
}

func some(ctx context.Context, keys jwkset.Storage) bool {
	all, err := keys.KeyReadAll(ctx)
	return err == nil && len(all) > 0
}

// lasting keeps the keys it has where the tenant answers with none: a hiccup must
// not lock everybody out.
type lasting struct{ *jwkset.MemoryJWKSet }

// KeyReplaceAll takes the new keys, if there are any.
func (l lasting) KeyReplaceAll(ctx context.Context, keys []jwkset.JWK) error {
	if len(keys) == 0 {
		return errors.New("the tenant answered without any key")
	}
	return l.MemoryJWKSet.KeyReplaceAll(ctx, keys)
}
