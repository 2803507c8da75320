package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
)

// maxEntries is the number of requests that the audit page shows.
const maxEntries = 200

func (c *Console) auditScreen() screen {
	return screen{template: "audit", section: "audit", title: "Audit", load: c.audit}
}

// auditView is the data of the audit page.
type auditView struct {
	Entries   []control.AuditEntry // newest first
	Total     int                  // number of entries before the filter
	Decisions []choice
	Parts     []choice
	Text      string
	Filtered  bool
	Toggle    string // the query that switches the automatic refresh
}

// choice is an option of a selection.
type choice struct {
	Value, Label string
	Selected     bool
}

func choices(selected string, pairs ...[2]string) (all []choice) {
	for _, p := range pairs {
		all = append(all, choice{Value: p[0], Label: p[1], Selected: p[0] == selected})
	}
	return all
}

func (c *Console) audit(r *http.Request) (any, error) {
	entries, err := c.Control.Audit(r.Context(), 0, 0)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	v := auditView{
		Total:     len(entries),
		Decisions: decisions(q.Get("decision")),
		Parts:     parts(q.Get("part")),
		Text:      q.Get("q"),
		Filtered:  q.Get("decision")+q.Get("part")+q.Get("q") != "",
		Toggle:    toggle(q),
	}
	for _, e := range slices.Backward(entries) {
		if len(v.Entries) < maxEntries && matches(e, q) {
			v.Entries = append(v.Entries, e)
		}
	}
	return v, nil
}

func decisions(selected string) []choice {
	return choices(selected,
		[2]string{"", "All decisions"},
		[2]string{"refused", "Refused"},
		[2]string{"failed", "Failed"},
		[2]string{"issued", "Issued"},
		[2]string{"shown", "Shown"},
		[2]string{"answered", "Answered"})
}

func parts(selected string) []choice {
	return choices(selected,
		[2]string{"", "All parts"},
		[2]string{"pages", "Pages"},
		[2]string{"token", "Token endpoint"},
		[2]string{"graph", "Microsoft Graph"},
		[2]string{"discovery", "Discovery"},
		[2]string{"keys", "Signing keys"})
}

// matches reports whether an entry meets the filter.
func matches(e control.AuditEntry, q url.Values) bool {
	text := strings.ToLower(strings.Join([]string{
		e.Request(), e.Client, e.ClientID, e.User, e.Grant, e.Outcome(), e.CorrelationID, strings.Join(e.Scopes, " "),
	}, "\n"))
	decision, part := q.Get("decision"), q.Get("part")
	return (decision == "" || decision == string(e.Decision)) &&
		(part == "" || part == e.Part) &&
		strings.Contains(text, strings.ToLower(strings.TrimSpace(q.Get("q"))))
}

// toggle returns the query with the automatic refresh switched.
func toggle(q url.Values) string {
	next := url.Values{}
	for _, name := range []string{"decision", "part", "q"} {
		if value := q.Get(name); value != "" {
			next.Set(name, value)
		}
	}
	if q.Get("refresh") == "" {
		next.Set("refresh", "5")
	}
	return next.Encode()
}
