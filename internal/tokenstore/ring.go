package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/zalando/go-keyring"
)

var (
	errNotFound = keyring.ErrNotFound
	errTimedOut = errors.New("the keyring did not answer")
	// errSaveTimedOut is an error of its own because it has a known cause.
	errSaveTimedOut = fmt.Errorf("save: %w", errTimedOut)
)

// patience is how long a call of the keyring may take before the user is told.
const patience = 2 * time.Second

// OS returns the keyring of the operating system. On Linux, it first looks for a
// session bus, in DBUS_SESSION_BUS_ADDRESS or where systemd puts the bus of the user
// with the id uid.
func OS(goos string, uid int, getenv func(string) string) Ring {
	return osRing{goos: goos, uid: uid, getenv: getenv}
}

type osRing struct {
	goos   string
	uid    int
	getenv func(string) string
}

// Get reads an item.
func (r osRing) Get(service, account string) (string, error) {
	if err := r.checkBus(); err != nil {
		return "", err
	}
	item, err := keyring.Get(service, account)
	return item, r.collectionsError(err)
}

// Set writes an item.
func (r osRing) Set(service, account, secret string) error {
	if err := r.checkBus(); err != nil {
		return err
	}
	return r.collectionsError(keyring.Set(service, account, secret))
}

// Delete deletes an item.
func (r osRing) Delete(service, account string) error {
	if err := r.checkBus(); err != nil {
		return err
	}
	return r.collectionsError(keyring.Delete(service, account))
}

// DeleteAll deletes all items of a service.
func (r osRing) DeleteAll(service string) error {
	if err := r.checkBus(); err != nil {
		return err
	}
	return r.emptyError(r.collectionsError(keyring.DeleteAll(service)))
}

// emptyError returns errNotFound if a call failed because the Credential Manager of Windows
// has no item at all, of any program, and err otherwise. The library passes this error on.
func (r osRing) emptyError(err error) error {
	const notFound = syscall.Errno(1168) // ERROR_NOT_FOUND
	if r.goos == "windows" && errors.Is(err, notFound) {
		return errNotFound
	}
	return err
}

// guarded limits the time of each keyring call and recovers panics: go-keyring waits
// forever for an unlock dialog, and panics if the bus goes away meanwhile. After a
// call that timed out, guarded makes no more calls, each of which could open another
// dialog.
type guarded struct {
	ring    Ring
	wait    time.Duration
	waiting func()

	mu       sync.Mutex
	timedOut error        // the fault of the call that timed out
	late     <-chan error // closed once that call has ended
	notified bool         // waiting was called
}

func (g *guarded) get(ctx context.Context, service, account string) (string, error) {
	found := make(chan string, 1) // a channel, because a late call still sends after get has returned
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

// call makes one keyring call within the time limit and returns its error as a fault.
// late is the error of a call that takes too long.
func (g *guarded) call(ctx context.Context, late error, do func() error) error {
	g.mu.Lock()
	timedOut := g.timedOut
	g.mu.Unlock()
	if timedOut != nil {
		return timedOut
	}
	limit := time.NewTimer(g.wait)
	defer limit.Stop()
	notice := time.NewTimer(patience)
	defer notice.Stop()
	done := start(do)
	for {
		select {
		case err := <-done:
			return explain(err)
		case <-notice.C:
			g.notify()
		case <-limit.C:
			g.mu.Lock()
			defer g.mu.Unlock()
			g.timedOut, g.late = explain(late), done
			return g.timedOut
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// abandoned returns a channel that can be received from once the call that timed out has
// ended, or nil if no call has timed out.
func (g *guarded) abandoned() <-chan error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.late
}

// start runs a keyring call and sends its error, or its panic as an error. It closes the
// channel afterwards.
func start(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		defer close(done)
		defer func() {
			if panicked := recover(); panicked != nil {
				done <- fmt.Errorf("keyring library: %v", panicked)
			}
		}()
		done <- do()
	}()
	return done
}

// notify calls waiting, once.
func (g *guarded) notify() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.notified && g.waiting != nil {
		g.waiting()
	}
	g.notified = true
}
