// Command gate measures `profilectl serve` at the limit of its tenant. A stub plays a
// tenant that accepts 20 requests in any second, as an external tenant does for one
// address, and Graph. Users who need an exchange arrive at 0.5, 1 and 3 times that rate:
// 30 of them alike, and one who sends a third of all requests. Others have a cached
// exchange. The same is measured with pacing turned off, and with two replicas that share
// the address through Redis.
//
//	go run ./bench/gate
//	go run ./bench/gate -length 10s    shorter, for a first look
//
// It fails if paced exchanges miss a goal. The replicas need redis-server.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

const (
	limit = 20 // requests that the tenant accepts in any second
	rate  = 19 // exchange-rate, its default
)

func main() {
	length := flag.Duration("length", time.Minute, "length of each measurement")
	flag.Parse()
	if err := rounds.WithTool(func(dir, tool string) error { return run(dir, tool, *length) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench/gate:", err)
		os.Exit(1)
	}
}

// run measures all scenarios and prints a line for each.
func run(dir, tool string, length time.Duration) error {
	t, err := startTenant(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	redis, stopRedis, err := startRedis(dir)
	if err != nil {
		return err
	}
	defer stopRedis()
	paced := fmt.Sprint(rate)
	fmt.Printf("%-26s %8s %8s %9s %8s %9s %9s %8s %9s %9s\n", "", "offered", "served", "tenant", "callers",
		"p99 idle", "p99 load", "longest", "fewest", "most")
	fmt.Printf("%-26s %8s %8s %9s %8s %9s %9s %8s %9s %9s\n", "", "/s", "/s", "refused", "with 429",
		"ms", "ms", "s", "of a user", "of a user")
	var missed []error
	for _, s := range []scenario{
		{name: "0.5 × limit", load: 0.5, settings: []string{"EXCHANGE_RATE=" + paced}, replicas: 1, goals: true},
		{name: "0.5 × limit, not paced", load: 0.5, settings: []string{"EXCHANGE_RATE=0"}, replicas: 1},
		{name: "1 × limit", load: 1, settings: []string{"EXCHANGE_RATE=" + paced}, replicas: 1, goals: true},
		{name: "1 × limit, not paced", load: 1, settings: []string{"EXCHANGE_RATE=0"}, replicas: 1},
		{name: "3 × limit", load: 3, settings: []string{"EXCHANGE_RATE=" + paced}, replicas: 1, goals: true},
		{name: "3 × limit, not paced", load: 3, settings: []string{"EXCHANGE_RATE=0"}, replicas: 1},
		{name: "3 ×, 2 replicas, egress", load: 3, settings: append(redis, "EGRESS=nat"), replicas: 2, goals: true},
		{name: "3 ×, 2 replicas, alone", load: 3, settings: redis, replicas: 2},
	} {
		got, err := t.measure(s, dir, tool, length)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		got.print(s)
		if s.goals {
			missed = append(missed, got.check(s))
		}
	}
	return errors.Join(missed...)
}

// figures are the results of a scenario.
type figures struct {
	offered, served float64       // requests and successful exchanges a second
	refused         float64       // part of the tenant's requests with status 429
	rejected        float64       // part of the callers with status 429
	idle, loaded    float64       // p99 of users with a cached exchange, in milliseconds
	longest         time.Duration // wait of a caller that succeeded
	fewest, most    int           // exchanges of one of the equal users, of the busiest user
	share           float64       // exchanges of a user if all users had the same number
}

func (f figures) print(s scenario) {
	fmt.Printf("%-26s %8.1f %8.2f %8.1f%% %7.1f%% %9.2f %9.2f %8.1f %9d %9d\n", s.name, f.offered, f.served,
		100*f.refused, 100*f.rejected, f.idle, f.loaded, f.longest.Seconds(), f.fewest, f.most)
}

// check returns which goals were missed.
func (f figures) check(s scenario) error {
	var missed []error
	miss := func(format string, values ...any) {
		missed = append(missed, fmt.Errorf(s.name+": "+format, values...))
	}
	const part, most, factor, extra = 0.95, 0.01, 1.2, 2.0
	if goal := part * min(rate, f.offered); f.served < goal {
		miss("%.2f exchanges a second; the goal is %.2f", f.served, goal)
	}
	if f.refused > most {
		miss("the tenant refused %.1f%%; the goal is 1%%", 100*f.refused)
	}
	if goal := max(factor*f.idle, f.idle+extra); f.loaded > goal {
		miss("p99 of cached users is %.2f ms; the goal is %.2f ms", f.loaded, goal)
	}
	if float64(f.fewest) < f.share/2 {
		miss("a user had %d exchanges; an equal share is %.0f", f.fewest, f.share)
	}
	return errors.Join(missed...)
}
