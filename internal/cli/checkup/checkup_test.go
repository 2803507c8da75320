package checkup_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilectl/profilectl/internal/cli/checkup"
	"github.com/profilectl/profilectl/internal/doctor"
)

// TestRunEndsInTime runs checks that wait for each other. Each takes less than its limit, and all
// of them together take longer than the limit for all. The time is not the real one.
func TestRunEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context) doctor.Result {
			select {
			case <-time.After(checkup.Limit - time.Second):
				return doctor.Result{Status: doctor.OK}
			case <-ctx.Done():
				return doctor.Result{Status: doctor.Failed}
			}
		}
		checks := []doctor.Check{
			{ID: "first", Run: slow},
			{ID: "second", Run: slow, Needs: []string{"first"}},
			{ID: "third", Run: slow, Needs: []string{"second"}},
			{ID: "fourth", Run: slow, Needs: []string{"third"}},
		}
		start := time.Now()
		var reported []doctor.Status
		checkup.Run(t.Context(), checks, func(r doctor.Result) { reported = append(reported, r.Status) })
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %s, want 20s", took)
		}
		want := []doctor.Status{doctor.OK, doctor.OK, doctor.Failed, doctor.Skipped}
		if !slices.Equal(reported, want) {
			t.Errorf("got %v, want %v", reported, want)
		}
	})
}
