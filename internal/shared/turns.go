package shared

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed turns.lua
var turnsScript string

// Turns are the turns of the replicas that reach the tenant from the same address.
type Turns struct {
	Wait     time.Duration // until the first reserved turn
	Paused   time.Duration // until the end of a pause; 0 if there is none
	Replicas int           // that have reserved turns in the last ten minutes
}

// Reserve reserves a number of turns at an interval for this replica. The name is that of
// the address, which Redis can read. It returns false if Redis is unavailable.
func (s *Store) Reserve(ctx context.Context, egress string, turns int, interval time.Duration) (Turns, bool) {
	var got Turns
	ok := s.try(ctx, func(ctx context.Context) (err error) {
		got, err = s.turns(ctx, egress, turns, interval, 0)
		return err
	})
	return got, ok
}

// Pause lets no replica of an address have a turn for a time.
func (s *Store) Pause(ctx context.Context, egress string, pause time.Duration) {
	s.try(ctx, func(ctx context.Context) error {
		_, err := s.turns(ctx, egress, 0, 0, pause)
		return err
	})
}

func (s *Store) turns(
	ctx context.Context,
	egress string,
	turns int,
	interval, pause time.Duration,
) (Turns, error) {
	name := "profilectl:1:egress:" + egress
	got, err := redis.NewScript(turnsScript).Run(ctx, s.redis, []string{name},
		interval.Microseconds(), turns, s.replica, pause.Microseconds()).Int64Slice()
	const values = 3
	if err == nil && len(got) != values {
		err = errors.New("redis returned something else")
	}
	if err != nil {
		return Turns{}, err
	}
	return Turns{
		Wait:     time.Duration(got[0]) * time.Microsecond,
		Paused:   time.Duration(got[1]) * time.Microsecond,
		Replicas: int(got[2]),
	}, nil
}
