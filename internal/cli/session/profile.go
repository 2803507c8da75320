package session

import (
	"context"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

// Me reads properties of the profile.
func (s *Session) Me(ctx context.Context, account auth.Account, properties ...string) (me graph.Profile, err error) {
	err = s.withToken(ctx, account, GraphRequest(), func(t Token) error {
		defer s.Progress.Step("read", "Reading the profile")()
		me, err = s.Graph.Me(ctx, t.Access, properties...)
		return err
	})
	return me, err
}

// readBackDelays are the pauses between reads. Graph is eventually consistent.
func readBackDelays() []time.Duration {
	return []time.Duration{
		0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
	}
}

// ReadBack waits until Graph shows the change, and reports whether it did. A
// stale read is not an error.
func (s *Session) ReadBack(
	ctx context.Context,
	account auth.Account,
	schema profile.Schema,
	change profile.Change,
) (bool, error) {
	defer s.Progress.Step("read-back", "Waiting until Microsoft Graph shows the change")()
	for _, delay := range readBackDelays() {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return false, ctx.Err()
		}
		current, err := s.CurrentValues(ctx, account, schema)
		if err != nil {
			return false, err
		}
		if len(schema.Diff(change, current)) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// CurrentValues reads the fields from Graph.
func (s *Session) CurrentValues(
	ctx context.Context,
	account auth.Account,
	schema profile.Schema,
) (map[string]*string, error) {
	me, err := s.Me(ctx, account, schema.Names()...)
	if err != nil {
		return nil, err
	}
	return me.Values(), nil
}
