package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

var (
	errNotFound = keyring.ErrNotFound
	// errNoSession says that there is no session bus, so no keyring.
	errNoSession = errors.New("no session bus")
	errTimedOut  = errors.New("the keyring did not answer")
	// errSaveTimedOut has a known cause of its own.
	errSaveTimedOut = fmt.Errorf("save: %w", errTimedOut)
)

// patience is how long the keyring may let us wait before the person is told.
const patience = 2 * time.Second

// OS returns the keyring of the operating system. On Linux it first looks for a
// session bus: without one the library would start a bus and a daemon of its
// own and leave them behind. The bus of the user with the id uid is looked for
// where systemd puts it.
func OS(goos string, uid int, getenv func(string) string) Ring {
	return osRing{goos: goos, uid: uid, getenv: getenv}
}

type osRing struct {
	goos   string
	uid    int
	getenv func(string) string
}

func (r osRing) ready() error {
	if r.goos != "linux" || r.getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	bus := filepath.Join("/run/user", strconv.Itoa(r.uid), "bus")
	if _, err := os.Stat(bus); errors.Is(err, fs.ErrNotExist) {
		return errNoSession
	}
	return nil
}

// Get reads an item.
func (r osRing) Get(service, account string) (string, error) {
	if err := r.ready(); err != nil {
		return "", err
	}
	return keyring.Get(service, account)
}

// Set writes an item.
func (r osRing) Set(service, account, secret string) error {
	if err := r.ready(); err != nil {
		return err
	}
	return keyring.Set(service, account, secret)
}

// Delete removes an item.
func (r osRing) Delete(service, account string) error {
	if err := r.ready(); err != nil {
		return err
	}
	return keyring.Delete(service, account)
}

// DeleteAll removes all items of a service.
func (r osRing) DeleteAll(service string) error {
	if err := r.ready(); err != nil {
		return err
	}
	return keyring.DeleteAll(service)
}

// guarded limits each call in time and contains panics: go-keyring waits for an
// unlock dialog for ever, and falls over when the bus goes away meanwhile. After
// one call timed out it makes no more: the dialogs would only pile up.
type guarded struct {
	ring    Ring
	wait    time.Duration
	waiting func()
	mu      sync.Mutex
	dead    error
	told    bool
}

func (g *guarded) get(ctx context.Context, service, account string) (string, error) {
	found := make(chan string, 1) // a late answer must not write to what has been returned
	err := g.call(ctx, errTimedOut, func() error {
		item, err := g.ring.Get(service, account)
		found <- item
		return err
	})
	if err != nil {
		return "", err
	}
	return <-found, nil
}

func (g *guarded) set(ctx context.Context, service, account, secret string) error {
	return g.call(ctx, errSaveTimedOut, func() error { return g.ring.Set(service, account, secret) })
}

func (g *guarded) delete(ctx context.Context, service, account string) error {
	return g.call(ctx, errTimedOut, func() error { return g.ring.Delete(service, account) })
}

func (g *guarded) deleteAll(ctx context.Context, service string) error {
	return g.call(ctx, errTimedOut, func() error { return g.ring.DeleteAll(service) })
}

// call runs one keyring call, limited, and puts its error into words.
func (g *guarded) call(ctx context.Context, late error, do func() error) error {
	g.mu.Lock()
	dead := g.dead
	g.mu.Unlock()
	if dead != nil {
		return dead
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if broken := recover(); broken != nil {
				done <- fmt.Errorf("keyring library: %v", broken)
			}
		}()
		done <- do()
	}()
	limit := time.NewTimer(g.wait)
	defer limit.Stop()
	notice := time.NewTimer(patience)
	defer notice.Stop()
	for {
		select {
		case err := <-done:
			return explain(err)
		case <-notice.C:
			g.tell()
		case <-limit.C:
			g.mu.Lock()
			defer g.mu.Unlock()
			g.dead = explain(late)
			return g.dead
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell lets the person know, once, that the keyring is waiting for them.
func (g *guarded) tell() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.told && g.waiting != nil {
		g.waiting()
	}
	g.told = true
}
