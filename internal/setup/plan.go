package setup

import (
	"slices"
	"time"
)

// Item is what a plan or a run says about one object.
type Item struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"` // kind and name
	Action  Action       `json:"action"`
	Changes []Difference `json:"changes"`
	// Reason is why the object is manual or blocked, or empty.
	Reason string `json:"reason"`
	// Step is how an administrator does it by hand, for manual objects.
	Step string `json:"step"`
}

// Plan compares a tenant with what is wanted.
type Plan struct {
	Items     []Item
	Namesakes []Namesake
}

// NewPlan returns what Apply would do. It sends nothing.
func NewPlan(t *Tenant, w Wanted) Plan {
	p := Plan{Namesakes: t.Namesakes}
	for _, o := range w.withDefaults().objects() {
		p.Items = append(p.Items, o.plan(t))
	}
	return p
}

// Pending reports whether Apply would write something.
func (p Plan) Pending() bool {
	return slices.ContainsFunc(p.Items, func(i Item) bool { return i.Action == Create || i.Action == Change })
}

// Left returns the items that an administrator has to do.
func Left(items []Item) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(i Item) bool {
		return i.Action != Manual && i.Action != Blocked
	})
}

// Enforced reports whether the policy for the mid-tier is on.
func (t *Tenant) Enforced(w Wanted) bool {
	w = w.withDefaults()
	i := slices.IndexFunc(t.policies, func(p policy) bool { return hasMarker(p.DisplayName, w.marked("")) })
	return i >= 0 && t.policies[i].State == stateEnabled
}

// ClientID returns the client ID of the client, or an empty string if it is missing.
func (t *Tenant) ClientID() string { return t.client.AppID }

// MidTierID returns the client ID of the mid-tier, or an empty string if it is missing.
func (t *Tenant) MidTierID() string { return t.midTier.AppID }

// SecretExpires returns when the client secret of the mid-tier ends, or the zero time if it
// authenticates with something else.
func (t *Tenant) SecretExpires(w Wanted) time.Time {
	return w.withDefaults().midTierHolder().secretExpires(t)
}

// AttributesSecretExpires is SecretExpires of the application that changes custom attributes.
func (t *Tenant) AttributesSecretExpires(w Wanted) time.Time {
	return w.withDefaults().attributesHolder().secretExpires(t)
}

// EditScope returns the scope that the client requests.
func (t *Tenant) EditScope(w Wanted) string {
	return "api://" + t.midTier.AppID + "/" + w.withDefaults().ScopeName
}

func (o object) item(t *Tenant, action Action) Item {
	i := Item{ID: o.id, Object: o.title, Action: action, Changes: []Difference{}}
	if o.named != nil {
		i.Object += " " + o.named(t)
	}
	return i
}

// plan returns what the first write would do.
func (o object) plan(t *Tenant) Item {
	if r, ok := t.unreadable[o.reads]; ok {
		return o.manual(t, "cannot be read: "+r.Error())
	}
	next := o.next(t)
	if next == nil {
		return o.item(t, Keep)
	}
	i := o.item(t, next.action)
	i.Changes = next.shows
	return i
}

// manual returns the item of an object that Graph does not let this administrator change.
func (o object) manual(t *Tenant, reason string) Item {
	i := o.item(t, Manual)
	i.Reason, i.Step = reason, o.hand
	return i
}

func (o object) blocked(t *Tenant, reason string) Item {
	i := o.item(t, Blocked)
	i.Reason = reason
	return i
}
