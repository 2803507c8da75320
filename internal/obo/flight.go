package obo

import (
	"context"
	"errors"
	"sync"

	"github.com/profilectl/profilectl/internal/bounded"
	"github.com/profilectl/profilectl/internal/pace"
	"github.com/profilectl/profilectl/internal/upstream"
)

// flights merges concurrent exchanges of the same assertion. Package singleflight does so,
// but does not notice that all callers of an exchange have disconnected, so that an
// exchange that waits for its turn would keep it.
type flights struct {
	mu      sync.Mutex
	flights map[bounded.Key]*flight
}

// flight is an exchange that one caller makes, and for which others wait.
type flight struct {
	done    chan struct{}
	gone    chan struct{} // closed when all callers have disconnected
	callers int           // that have not disconnected
	result  Result
	err     error
}

var errPanic = errors.New("the exchange ended with a panic")

// do calls exchange, unless a call for the same assertion is in progress: then it waits
// for the result of that one. exchange runs in the caller's goroutine, and is not
// interrupted when its caller disconnects. Its argument is closed when all of its callers
// have disconnected; if it then fails with pace.ErrGone, a caller that has arrived
// meanwhile makes the exchange itself.
func (f *flights) do(
	ctx context.Context,
	a Assertion,
	exchange func(gone <-chan struct{}) (Result, error),
) (Result, error) {
	for {
		current, joined := f.join(a.Key)
		stop := context.AfterFunc(ctx, func() { f.leave(current) })
		if !joined {
			defer stop()
			return f.lead(current, a.Key, exchange)
		}
		err := current.await(ctx, a.Idle)
		if stop() && err != nil {
			f.leave(current) // a context is done a moment before it calls its functions
		}
		switch {
		case err != nil:
			return Result{Merged: true}, err
		case errors.Is(current.err, pace.ErrGone) && ctx.Err() == nil:
			continue
		}
		result := current.result
		result.Merged = true
		return result, current.err
	}
}

// join returns the flight of an assertion, and whether it was there before.
func (f *flights) join(key bounded.Key) (current *flight, joined bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	current, joined = f.flights[key]
	if !joined {
		current = &flight{done: make(chan struct{}), gone: make(chan struct{})}
		f.flights[key] = current
	}
	current.callers++
	return current, joined
}

// leave counts a caller that has disconnected.
func (f *flights) leave(current *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	current.callers--
	if current.callers > 0 {
		return
	}
	select {
	case <-current.gone: // closed before a caller joined that has disconnected too
	default:
		close(current.gone)
	}
}

// lead calls exchange and hands its result to all callers.
func (f *flights) lead(
	current *flight,
	key bounded.Key,
	exchange func(gone <-chan struct{}) (Result, error),
) (Result, error) {
	current.err = errPanic
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.flights, key)
		close(current.done)
	}()
	current.result, current.err = exchange(current.gone)
	return current.result, current.err
}

// await returns when the flight has ended, or the fault of a context that is done before.
func (c *flight) await(ctx context.Context, idle func() (resume func())) error {
	if idle != nil {
		defer idle()()
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return upstream.Fault(ctx.Err(), "cannot wait for the exchange of another request")
	}
}
