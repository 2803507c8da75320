// Command midtier compares `profilectl serve` with a floor: a handler that makes
// the same upstream calls, header for header, over the same kind of connections,
// without verification and without MSAL. A stub plays the tenant and Graph. All of
// them run on one machine at the same time, so only the ratios are meaningful.
//
//	go run ./bench/midtier
//	go run ./bench/midtier -users 200000    memory while the number of users grows
//
// It runs only on Linux, where it reads CPU time and memory from /proc.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/profilectl/profilectl/bench/internal/rounds"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench/midtier:", err)
		os.Exit(1)
	}
}

// perSecond is about how many requests of new users a mid-tier serves in a second.
const perSecond = 6000

// run is one of four programs: the measurement, the stub, the floor, and serve.
func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "stub":
			return runStub(args[1])
		case "floor":
			return runFloor(args[1], args[2] == "two")
		case "serve":
			return runServe(args[1])
		}
	}
	flags := flag.NewFlagSet("midtier", flag.ExitOnError)
	o := options{}
	flags.IntVar(&o.clients, "clients", 64, "number of concurrent clients")
	flags.DurationVar(&o.length, "length", 3*time.Second, "length of a round")
	flags.IntVar(&o.rounds, "rounds", 5, "number of rounds, whose median counts")
	flags.IntVar(&o.users, "users", 0, "measure memory only, with one request from each of this many users")
	flags.StringVar(&o.profileTo, "profile", "", "write a CPU profile of serve to this file; measure nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.rounds < 1 || o.clients < 1 {
		return errors.New("-rounds and -clients must be at least 1")
	}
	return measure(o)
}

type options struct {
	clients int
	length  time.Duration
	rounds  int
	users   int
	// profileTo is the file for a profile, or empty for a measurement.
	profileTo string
}

// row is one line of the table.
type row struct {
	name  string
	start func() (*server, error)
	floor *row // what it is compared with; nil for a floor
	fresh bool // every request is from a new user
	figures
}

// figures holds what was measured, round by round.
type figures struct {
	perSecond []float64
	p50, p99  []float64         // milliseconds
	cpu       []float64         // seconds for a thousand requests
	rss       float64           // MB at the end
	calls     map[string]string // upstream, in the last round
}

func measure(o options) error {
	return rounds.WithTool(func(dir, tool string) error { return o.measure(dir, tool) })
}

func (o options) measure(dir, tool string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	tenant, stop, err := startStub(self, dir)
	if err != nil {
		return err
	}
	defer stop()
	if o.users > 0 {
		return tenant.soak(o, tool, dir)
	}
	if o.profileTo != "" {
		return tenant.profile(o, self, dir)
	}
	fmt.Fprintln(os.Stderr, "signing tokens")
	known, err := tenant.tokens(o.clients)
	if err != nil {
		return err
	}
	fresh, err := tenant.tokens(int(float64(o.rounds) * o.length.Seconds() * perSecond))
	if err != nil {
		return err
	}
	floor := func(calls string) func() (*server, error) {
		return func() (*server, error) { return launch(exec.Command(self, "floor", dir, calls), dir) }
	}
	serve := func() (*server, error) { return tenant.startServe(tool, dir) }
	one := &row{name: "floor, one call", start: floor("one")}
	two := &row{name: "floor, two calls", start: floor("two"), fresh: true}
	rows := []*row{
		one,
		{name: "serve, token exchanged before", start: serve, floor: one},
		two,
		{name: "serve, every request a new user", start: serve, floor: two, fresh: true},
	}
	if err := tenant.rounds(rows, o, known, fresh); err != nil {
		return err
	}
	printRows(rows)
	return nil
}

// rounds measures all rows in turn, round after round, because the speed of a
// machine changes with time and has to affect all rows alike. The first round is a
// warm-up.
func (t *tenant) rounds(rows []*row, o options, known, fresh []string) error {
	servers := make([]*server, len(rows))
	for i, r := range rows {
		var err error
		if servers[i], err = r.start(); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		defer servers[i].stop()
	}
	share := len(fresh) / (o.rounds + 1)
	for round := range o.rounds + 1 {
		for i, r := range rows {
			if round == 1 {
				r.figures = figures{}
			}
			tokens := known
			if r.fresh {
				tokens = fresh[round*share : (round+1)*share]
			}
			if err := t.measure(r, servers[i], o, tokens); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if r.floor != nil && !maps.Equal(r.floor.calls, r.calls) {
				return fmt.Errorf("%q and %q make different calls:\n%v\n%v",
					r.floor.name, r.name, r.floor.calls, r.calls)
			}
		}
	}
	return nil
}

func printRows(rows []*row) {
	fmt.Printf("%-34s %12s %8s %8s %8s %8s %14s %8s\n",
		"", "requests/s", "× floor", "p50 ms", "p99 ms", "× floor", "CPU s / 1000", "RSS MB")
	for _, r := range rows {
		speed, tail := "", ""
		if r.floor != nil {
			speed, tail = against(r.perSecond, r.floor.perSecond), against(r.p99, r.floor.p99)
		}
		fmt.Printf("%-34s %12.0f %8s %8.2f %8.2f %8s %14.3f %8.0f\n",
			r.name, median(r.perSecond), speed, median(r.p50), median(r.p99), tail, median(r.cpu), r.rss)
	}
}

// against returns the median of the ratios to a floor, round by round.
func against(row, floor []float64) string {
	ratios := make([]float64, len(row))
	for i := range row {
		ratios[i] = row[i] / floor[i]
	}
	return fmt.Sprintf("%.2f", median(ratios))
}

func median(all []float64) float64 {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// stubInfo describes the running stub to the measurement.
type stubInfo struct {
	API string `json:"api"` // origin
	CA  string `json:"ca"`  // file
	Key string `json:"key"` // file with the signing key
}

const (
	startTimeout = 20 * time.Second
	startPoll    = 10 * time.Millisecond
)

// awaitStub waits until the stub has written its file, and returns the content.
func awaitStub(path string) (s stubInfo, err error) {
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		raw, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(raw, &s) == nil && s.API != "" {
			return s, nil
		}
		time.Sleep(startPoll)
	}
	return s, errors.New("the stub did not start")
}
