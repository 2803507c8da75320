package setup

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// Options are how a run waits and reports. The zero value is ready to use.
type Options struct {
	// Replication is how long to wait for Entra's replicas; 0 is three minutes.
	Replication time.Duration
	// Pause is the first pause of a repeated request; it doubles. 0 is one second.
	Pause   time.Duration
	Journal Journal
	// Report is called for each object as soon as it is done; nil for none.
	Report func(Item)
	// Waiting is called when the run waits for Entra; nil for none.
	Waiting func(why string)
}

func (o Options) withDefaults() Options {
	if o.Replication == 0 {
		o.Replication = 3 * time.Minute
	}
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	if o.Report == nil {
		o.Report = func(Item) {}
	}
	if o.Waiting == nil {
		o.Waiting = func(string) {}
	}
	return o
}

// Result is what a run has done.
type Result struct {
	Items  []Item
	Tenant *Tenant
	Writes int // requests that changed the tenant
}

// Apply makes the tenant as wanted. It sends only the writes of objects that differ. What
// Microsoft Graph refuses becomes a manual item, and the run goes on with the objects that
// do not need it. A run that fails in between is continued by the next one.
func Apply(ctx context.Context, a *API, w Wanted, o Options) (Result, error) {
	w, o = w.withDefaults(), o.withDefaults()
	r := &run{api: a, wanted: w, options: o, missing: map[string]bool{}, left: map[string]bool{}}
	if err := r.find(ctx); err != nil {
		return Result{}, err
	}
	if err := w.prepare(r.tenant); err != nil {
		return Result{}, err
	}
	result := Result{Tenant: r.tenant}
	for _, object := range w.objects() {
		item, err := r.object(ctx, object)
		if err != nil {
			return result, faultOf(err, "cannot set up "+object.title)
		}
		o.Report(item)
		r.left[item.ID] = item.Action == Manual || item.Action == Blocked
		result.Items, result.Writes = append(result.Items, item), r.writes
	}
	if r.writes == 0 {
		return result, nil
	}
	return result, r.settle(ctx)
}

// run is one call of Apply or Destroy.
type run struct {
	api     *API
	wanted  Wanted
	options Options
	tenant  *Tenant
	missing map[string]bool // ids of objects that could not be created
	left    map[string]bool // ids of objects that are left to the administrator
	writes  int
	fresh   bool // objects may be too new for some replicas
}

// find reads the tenant. If an earlier run has created objects lately and did not see them
// all, find waits until they show, or until they would have been replicated.
func (r *run) find(ctx context.Context) (err error) {
	if r.tenant, err = Find(ctx, r.api, r.wanted); err != nil {
		return err
	}
	created := r.options.Journal.read()
	for _, o := range r.wanted.objects() {
		at, noted := created[o.id]
		until := at.Add(r.options.Replication)
		if !noted || !time.Now().Before(until) {
			continue
		}
		r.fresh = true
		if err := r.awaitObject(ctx, o, until); err != nil {
			return err
		}
	}
	return nil
}

// awaitObject reads the tenant until an object is no longer to be created, or until the
// time. A run that was killed before its request arrived waits in vain; it must not be
// guessed.
func (r *run) awaitObject(ctx context.Context, o object, until time.Time) error {
	pause := r.options.Pause
	for {
		next := o.next(r.tenant)
		if next == nil || next.action != Create || !time.Now().Before(until) {
			return nil
		}
		r.options.Waiting("an interrupted run may have created the " + o.title)
		if err := sleep(ctx, min(pause, time.Until(until))); err != nil {
			return err
		}
		pause *= 2
		found, err := Find(ctx, r.api, r.wanted)
		if err != nil {
			return err
		}
		r.tenant.merge(found)
	}
}

// object sends the writes of one object until nothing differs.
func (r *run) object(ctx context.Context, o object) (Item, error) {
	const mostWrites = 12
	item := o.plan(r.tenant)
	if item.Action != Create && item.Action != Change {
		r.missing[o.id] = item.Action == Manual
		return item, nil
	}
	if i := slices.IndexFunc(o.needs, func(id string) bool { return r.missing[id] }); i >= 0 {
		r.missing[o.id] = true
		return o.blocked(r.tenant, "needs "+o.needs[i]), nil
	}
	if o.ready != nil && !o.ready(r.tenant) {
		return o.blocked(r.tenant, "needs "+o.needs[0]), nil
	}
	for range mostWrites {
		next := o.next(r.tenant)
		if next == nil {
			done := o.item(r.tenant, item.Action)
			done.Changes = item.Changes
			return done, nil
		}
		answer, err := r.send(ctx, o, next)
		switch {
		case errors.Is(err, errUncertain):
			if err := r.awaitObject(ctx, o, time.Now().Add(r.options.Replication)); err != nil {
				return item, err
			}
			continue
		case err != nil && isFinal(statusOf(err)):
			r.missing[o.id] = next.action == Create
			return o.manual(r.tenant, "refused: "+err.Error()), nil
		case err != nil:
			return item, err
		}
		if err := next.done(r.tenant, answer); err != nil {
			return item, err
		}
	}
	return item, &fault.Error{
		Kind: fault.Internal,
		What: "Microsoft Graph accepted the " + o.title + ", but does not return it as it was sent",
	}
}

// errUncertain is the error of a request that may have created an object although no
// response arrived.
var errUncertain = errors.New("setup: the request may have been executed")

// send sends a write, and repeats it while Entra is busy or has not replicated what the
// request names.
func (r *run) send(ctx context.Context, o object, n *write) ([]byte, error) {
	deadline := time.Now().Add(r.options.Replication)
	for pause := r.options.Pause; ; pause *= 2 {
		if err := r.begin(o, n); err != nil {
			return nil, err
		}
		answer, err := r.api.call(ctx, n.method, n.path, n.body)
		if err == nil {
			r.writes++
			r.fresh = true
			return answer, nil
		}
		wait, why, again := r.again(o, n, err)
		if !again {
			if uncertain(n, err) && ctx.Err() == nil {
				return nil, errUncertain
			}
			return nil, errors.Join(err, r.refused(o, n, err))
		}
		wait = max(wait, pause+rand.N(pause/4+1)) //nolint:gosec // jitter
		if time.Now().Add(wait).After(deadline) {
			return nil, notReplicated(err, why)
		}
		r.options.Waiting(why)
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// again reports whether a request is worth repeating: it was not executed because of a
// limit, or what it names may not be replicated.
func (r *run) again(o object, n *write, err error) (wait time.Duration, why string, again bool) {
	refused, ok := errors.AsType[*refusal](err)
	switch {
	case !ok:
		return 0, "", false
	case refused.Status == http.StatusTooManyRequests:
		return refused.RetryAfter, "Microsoft Graph limits the requests", true
	case refused.Status >= http.StatusInternalServerError && refused.Status != http.StatusNotImplemented:
		return refused.RetryAfter, "Microsoft Graph is busy", !uncertain(n, err)
	case r.fresh && slices.Contains(o.lag, refused.Status):
		return 0, "Entra has not replicated what the " + o.title + " needs", true
	}
	return 0, "", false
}

// uncertain reports whether a request that creates an object may have done so although it
// failed: the connection broke, or the server failed.
func uncertain(n *write, err error) bool {
	status := statusOf(err)
	lost := status == 0 && !errors.As(err, new(*fault.Error)) || status >= http.StatusInternalServerError
	return lost && n.action == Create && n.method == http.MethodPost && status != http.StatusNotImplemented
}

// begin notes a request that creates an object. refused removes the note if the request
// had no effect.
func (r *run) begin(o object, n *write) error {
	if n.action != Create {
		return nil
	}
	return r.journalFault(r.options.Journal.begin(o.id))
}

func (r *run) refused(o object, n *write, err error) error {
	if n.action != Create || !isFinal(statusOf(err)) {
		return nil
	}
	return r.journalFault(r.options.Journal.refused(o.id))
}

func (r *run) journalFault(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "cannot write the journal of the setup " + r.options.Journal.Path,
		Fix:  "make the directory writable",
		Err:  err,
	}
}

func notReplicated(err error, why string) error {
	f := &fault.Error{
		Kind: fault.Unavailable,
		What: "gave up waiting: " + why,
		Fix:  "run it again in a few minutes; it continues where it stopped",
		Err:  err,
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		f.CorrelationID, f.RetryAfter = r.CorrelationID, r.RetryAfter
	}
	return f
}

// settle reads the tenant until it shows everything that was written, so that the next
// run finds nothing to do.
func (r *run) settle(ctx context.Context) error {
	deadline := time.Now().Add(r.options.Replication)
	for pause := r.options.Pause; ; pause *= 2 {
		found, err := Find(ctx, r.api, r.wanted)
		if err != nil {
			return err
		}
		if !r.pending(NewPlan(found, r.wanted)) {
			return r.journalFault(r.options.Journal.clear())
		}
		if time.Now().Add(pause).After(deadline) {
			return notReplicated(nil, "Entra does not show all objects yet")
		}
		r.options.Waiting("Entra does not show all objects yet")
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// pending reports whether a plan differs although nothing was refused.
func (r *run) pending(p Plan) bool {
	return slices.ContainsFunc(p.Items, func(i Item) bool {
		return (i.Action == Create || i.Action == Change) && !r.left[i.ID]
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return upstream.Fault(fmt.Errorf("wait for Entra: %w", ctx.Err()), "stopped")
	}
}
