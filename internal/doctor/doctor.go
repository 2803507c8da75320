// Package doctor checks everything that a sign-in and an edit need, from the
// configuration of this machine to the policy of the tenant, and names what is wrong.
//
// A check has a stable id, which scripts and documents may use. Checks that do not
// depend on each other run at the same time; a check whose prerequisite did not pass
// is skipped.
package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Status is the outcome of a check.
type Status string

// The outcomes.
const (
	OK      Status = "ok"
	Warning Status = "warning" // works, but something needs attention
	Failed  Status = "failed"
	Skipped Status = "skipped" // Seen has the reason
)

// Result is what a check found.
type Result struct {
	ID     string
	Status Status
	Seen   string // one clause, without secrets and personal data
	// Fault has the remedy of a warning or a failure, and of a check that was skipped for
	// a reason that can be fixed. It is nil otherwise.
	Fault *fault.Error
	Link  string // a page about the subject; empty if there is none
}

// Check is one check. Run returns within the context's deadline; its result needs no
// ID and no Link.
type Check struct {
	ID    string
	Link  string
	Needs []string // ids of earlier checks that must have passed, at least with a warning
	Run   func(context.Context) Result
}

// Only returns the checks with some ids and those that they need, in the order of
// checks. An unknown id is a Usage fault.
func Only(checks []Check, ids []string) ([]Check, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		if err := want(checks, id, wanted); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool { return !wanted[c.ID] }), nil
}

// want adds an id and, recursively, what it needs.
func want(checks []Check, id string, wanted map[string]bool) error {
	i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return &fault.Error{
			Kind: fault.Usage,
			What: "there is no check with the id " + id,
			Fix:  "use one of the ids that a complete run prints",
		}
	}
	wanted[id] = true
	for _, needed := range checks[i].Needs {
		if err := want(checks, needed, wanted); err != nil {
			return err
		}
	}
	return nil
}

// Run runs the checks, each with a time limit, and returns their results in the order
// of checks. It passes each result to report, in the same order, as soon as it and all
// earlier ones are known.
func Run(ctx context.Context, checks []Check, limit time.Duration, report func(Result)) []Result {
	pending := map[string]chan Result{}
	for _, c := range checks {
		pending[c.ID] = make(chan Result, 1)
	}
	// A need comes earlier in checks, so that its result exists when it is read again.
	passed := func(id string) bool {
		ch, exists := pending[id]
		if !exists {
			return true
		}
		r := <-ch
		ch <- r // for the other readers
		return r.Status == OK || r.Status == Warning
	}
	for _, c := range checks {
		go func() { pending[c.ID] <- run(ctx, c, limit, passed) }()
	}
	var results []Result
	for _, c := range checks {
		r := <-pending[c.ID]
		pending[c.ID] <- r
		report(r)
		results = append(results, r)
	}
	return results
}

// RunUntil calls runs again and again, with a pause in between, until no check fails or
// the total time is over, and returns the results of the last call. It calls waiting
// before each pause. It is meant for the minutes after a setup, in which Entra
// replicates.
func RunUntil(
	ctx context.Context,
	runs func(context.Context) []Result,
	pause, total time.Duration,
	waiting func(failed []Result),
) []Result {
	over, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	for {
		results := runs(ctx) // the last run may end later than total
		failures := Failures(results)
		if len(failures) == 0 || over.Err() != nil {
			return results
		}
		waiting(failures)
		select {
		case <-time.After(pause):
		case <-over.Done():
			return results
		}
	}
}

// Failures returns the results that failed.
func Failures(results []Result) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Status != Failed })
}

func run(ctx context.Context, c Check, limit time.Duration, passed func(id string) bool) Result {
	r := Result{Status: Skipped}
	i := slices.IndexFunc(c.Needs, func(id string) bool { return !passed(id) })
	switch {
	case i >= 0:
		r.Seen = "needs " + c.Needs[i]
	case ctx.Err() != nil:
		r = failed(&fault.Error{
			Kind: fault.Unavailable,
			What: "not checked: the time for all checks is over",
			Fix:  "fix what the earlier checks found, or check this one alone",
			Err:  ctx.Err(),
		})
	default:
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		r = c.Run(limited)
	}
	r.ID, r.Link = c.ID, c.Link
	return r
}

// ok, warning, failed and skipped return results.
func ok(seen string) Result { return Result{Status: OK, Seen: seen} }

func warning(f *fault.Error) Result { return Result{Status: Warning, Seen: f.What, Fault: f} }

func failed(err error) Result {
	f := fault.As(err)
	return Result{Status: Failed, Seen: f.What, Fault: f}
}

func skipped(why string) Result { return Result{Status: Skipped, Seen: why} }

// skippedWith returns the result of a check that can run after f was fixed.
func skippedWith(f *fault.Error) Result { return Result{Status: Skipped, Seen: f.What, Fault: f} }
