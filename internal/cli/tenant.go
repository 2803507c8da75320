package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/internal/upstream"
)

// remembered is how long a discovered authority is used without asking again.
// Endpoints and issuers of a tenant hardly ever change; `login` asks anew.
const remembered = 7 * 24 * time.Hour

// discovery says when a tenant is asked who it is.
type discovery int

const (
	discoverOnce  discovery = iota // if that is not known, or long ago
	discoverAnew                   // always
	discoverNever                  // only if nothing is known at all
)

// resolve turns what the person wrote into the tenant's authority, from the
// state folder where it is known already, so that a command with warm tokens
// spends no round trip on it.
func resolve(ctx context.Context, client *http.Client, text, stateDir string, use discovery) (authority.Authority, error) {
	form, err := authority.Parse(text)
	if err != nil {
		return authority.Authority{}, err
	}
	sum := sha256.Sum256([]byte(form.String()))
	path := filepath.Join(stateDir, "authority-"+hex.EncodeToString(sum[:6])+".json")
	known, fresh := readAuthority(path)
	if fresh && use != discoverAnew || known.URL != "" && use == discoverNever {
		return known, nil
	}
	found, err := authority.Discover(ctx, client, form)
	if err == nil {
		return found, writeAuthority(path, found)
	}
	if f, isFault := errors.AsType[*fault.Error](err); isFault {
		return authority.Authority{}, f
	}
	if known.URL != "" && use != discoverAnew {
		return known, nil // old, but better than nothing while the tenant is away
	}
	return authority.Authority{}, upstream.Fault(err, "cannot reach the tenant")
}

func readAuthority(path string) (a authority.Authority, fresh bool) {
	info, err := os.Stat(path)
	if err != nil {
		return authority.Authority{}, false
	}
	raw, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(raw, &a) != nil || a.URL == "" {
		return authority.Authority{}, false
	}
	return a, time.Since(info.ModTime()) < remembered
}

func writeAuthority(path string, a authority.Authority) error {
	raw, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("write authority: %w", err)
	}
	return writeFile(path, append(raw, '\n'))
}

// writeFile writes a file of the state folder.
func writeFile(path string, data []byte) error {
	if err := statefile.Write(path, data); err != nil {
		return stateFault(path, err)
	}
	return nil
}

func stateFault(path string, err error) error {
	what := "cannot write " + path
	if errors.Is(err, fs.ErrPermission) {
		what += ": this user may not"
	}
	return &fault.Error{Kind: fault.Usage, What: what, Fix: "make the folder writable, or name another one in XDG_STATE_HOME", Err: err}
}
