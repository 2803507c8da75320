package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/internal/upstream"
)

// discoveryLifetime is how long a discovered authority is used before it is
// looked up again. A tenant's endpoints and issuer hardly ever change, and
// `login` always looks them up.
const discoveryLifetime = 7 * 24 * time.Hour

// Discovery says when a tenant's endpoints are looked up.
type Discovery int

const (
	DiscoverStale   Discovery = iota // if they are not cached, or older than discoveryLifetime
	DiscoverAlways                   // even if they are cached
	DiscoverMissing                  // only if they are not cached at all
	DiscoverNever                    // without network access
)

// ErrNotDiscovered is the error of discover if nothing is cached and the network
// cannot or must not be used. No account can have signed in from here then.
var ErrNotDiscovered = errors.New("the tenant's endpoints are not cached")

// discover returns the tenant's authority. It comes from the state directory if it
// is cached there, so that a command with cached tokens needs no round trip.
func discover(
	ctx context.Context,
	client *http.Client,
	text, stateDir string,
	when Discovery,
) (authority.Authority, error) {
	form, err := authority.Parse(text)
	if err != nil {
		return authority.Authority{}, err
	}
	sum := sha256.Sum256([]byte(form.String()))
	path := filepath.Join(stateDir, "authority-"+hex.EncodeToString(sum[:6])+".json")
	cached, fresh := readAuthority(path)
	switch {
	case fresh && when != DiscoverAlways, cached.URL != "" && when >= DiscoverMissing:
		return cached, nil
	case when == DiscoverNever:
		return authority.Authority{}, ErrNotDiscovered
	}
	found, err := authority.Discover(ctx, client, form)
	if err == nil {
		_ = writeAuthority(path, found) // without a cache, the next command looks it up again
		return found, nil
	}
	if f, isFault := errors.AsType[*fault.Error](err); isFault {
		return authority.Authority{}, f
	}
	switch {
	case cached.URL != "" && when != DiscoverAlways:
		return cached, nil // the tenant cannot be reached: old endpoints are better than none
	case when == DiscoverMissing:
		return authority.Authority{}, errors.Join(ErrNotDiscovered, err)
	}
	return authority.Authority{}, upstream.Fault(err, "cannot reach the tenant")
}

func readAuthority(path string) (a authority.Authority, fresh bool) {
	info, err := os.Stat(path)
	if err != nil || config.WritableByOthers(path) || statefile.Foreign(path) {
		// Another user could redirect the sign-in.
		return authority.Authority{}, false
	}
	raw, err := statefile.Read(path)
	if err != nil || json.Unmarshal(raw, &a) != nil || a.URL == "" {
		return authority.Authority{}, false
	}
	return a, time.Since(info.ModTime()) < discoveryLifetime
}

func writeAuthority(path string, a authority.Authority) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write authority: %w", err)
	}
	return command.WriteFile(path, append(raw, '\n'))
}
