package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// Audit returns the entries of the audit whose number is greater than after, the
// oldest first. The tenant keeps the latest 1000.
func (t *Tenant) Audit(after int64) []control.AuditEntry { return t.audit.After(after) }

// WaitForAudit is Audit, but waits for an entry if there is none, until ctx is done.
func (t *Tenant) WaitForAudit(ctx context.Context, after int64) []control.AuditEntry {
	return t.audit.Wait(ctx, after)
}

func (t *Tenant) addToAudit(r *http.Request, record *audit.Record, part string, status int) {
	e := record.Entry(r, part, status)
	e.Time = t.now()
	t.audit.Add(e)
}

// maxWait limits how long a request to the control API waits for an audit entry or
// an email.
const maxWait = time.Minute

func (t *Tenant) controlAudit(r *http.Request) (any, error) {
	after, wait, err := waitQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(wait, maxWait))
	defer cancel()
	entries := t.WaitForAudit(ctx, after)
	if entries == nil {
		entries = []control.AuditEntry{}
	}
	return entries, nil
}

func waitQuery(q url.Values) (after int64, wait time.Duration, err error) {
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
			return 0, 0, fmt.Errorf("after must be a number, not %q", text)
		}
	}
	if text := q.Get("wait"); text != "" {
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 {
			return 0, 0, fmt.Errorf("wait must be a duration such as 10s, not %q", text)
		}
	}
	return after, wait, nil
}
