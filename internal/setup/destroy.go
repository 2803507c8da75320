package setup

import (
	"context"
	"net/http"
	"slices"
)

// removal deletes one object of the setup, or undoes a change.
type removal struct {
	object
	writes []*write
}

// SoftDeleted is an object that the tenant keeps for 30 days after its deletion.
type SoftDeleted struct {
	Kind string `json:"kind"`
	ID   string `json:"id"` // the object ID
	Name string `json:"name"`
}

// NewDestroyPlan returns what Destroy would do, in its order. It sends nothing.
func NewDestroyPlan(t *Tenant, w Wanted) []Item {
	w = w.withDefaults()
	var items []Item
	for _, r := range w.removals(t) {
		items = append(items, r.planned(t))
	}
	return items
}

func (r removal) planned(t *Tenant) Item {
	i := r.item(t, r.writes[0].action)
	for _, n := range r.writes {
		i.Changes = append(i.Changes, n.shows...)
	}
	return i
}

// Destroy deletes the objects of the setup in the reverse order of their creation, and
// restores the email method if the setup has switched it on. The application of the
// mid-tier, which records that, is the last one. An object that is gone already counts as
// deleted.
func Destroy(ctx context.Context, a *API, w Wanted, o Options) (Result, error) {
	w, o = w.withDefaults(), o.withDefaults()
	r := &run{api: a, wanted: w, options: o, missing: map[string]bool{}, left: map[string]bool{}}
	if err := r.find(ctx); err != nil {
		return Result{}, err
	}
	result := Result{Tenant: r.tenant}
	for _, removal := range w.removals(r.tenant) {
		item, err := r.remove(ctx, removal)
		if err != nil {
			return result, faultOf(err, "cannot remove "+removal.title)
		}
		o.Report(item)
		r.left[item.ID] = item.Action == Manual
		result.Items, result.Writes = append(result.Items, item), r.writes
	}
	return result, nil
}

func (r *run) remove(ctx context.Context, o removal) (Item, error) {
	if o.id == "midtier.app" && r.left["method.email"] {
		return o.blocked(r.tenant, "it records that the email method was off before the setup"), nil
	}
	for _, n := range o.writes {
		_, err := r.send(ctx, o.object, n)
		status := statusOf(err)
		switch {
		case status == http.StatusNotFound:
		case err != nil && isFinal(status):
			return o.manual(r.tenant, "refused: "+err.Error()), nil
		case err != nil:
			return Item{}, err
		}
	}
	return o.planned(r.tenant), nil
}

// deletion returns the removal of an object by its path.
func deletion(id, title, path, hand string) removal {
	return removal{
		object: object{id: id, title: title, hand: hand},
		writes: []*write{{action: Delete, method: http.MethodDelete, path: path}},
	}
}

// removals returns what there is to remove in a tenant, in order.
func (w Wanted) removals(t *Tenant) []removal {
	all := w.flowRemovals(t)
	for _, p := range slices.Backward(t.policies) {
		all = append(all, deletion("policy", "Conditional Access policy "+p.DisplayName, policiesPath+"/"+p.ID,
			"Entra admin center > Conditional Access > "+p.DisplayName+" > Delete"))
	}
	if w.isMarked(t.context.Description) {
		all = append(all, contextRemoval(t.context))
	}
	if slices.Contains(t.midTier.Tags, w.emailWasOff()) && t.email.State == stateEnabled {
		restored := removal{object: w.emailMethod(), writes: []*write{setEmail(stateEnabled, stateDisabled, Change)}}
		restored.hand = "Entra admin center > Authentication methods > Policies > Email OTP > disable"
		all = append(all, restored)
	}
	for _, g := range t.grants {
		all = append(all, deletion("grant", "consent for "+g.Scope, grantsPath+"/"+g.ID,
			"Entra admin center > Enterprise applications > Permissions > Review permissions"))
	}
	all = append(all, appRemovals("attributes", w.AttributesName, t.attributes, t.attributesSP)...)
	all = append(all, appRemovals("client", w.ClientName, t.client, t.clientSP)...)
	return append(all, appRemovals("midtier", w.MidTierName, t.midTier, t.midTierSP)...)
}

// flowRemovals removes the user flow of the setup, or the link to another one.
func (w Wanted) flowRemovals(t *Tenant) []removal {
	var all []removal
	for _, f := range t.flows {
		switch {
		case w.isMarked(f.Description):
			all = append(all, deletion("flow", "user flow "+f.DisplayName, flowsPath+"/"+f.ID,
				"Entra admin center > External Identities > User flows > "+f.DisplayName+" > Delete"))
		case f.ID == t.linkedTo:
			all = append(all, deletion("flow.link", "link of "+w.ClientName+" to the user flow "+f.DisplayName,
				linksPath(f.ID)+"/"+t.client.AppID,
				"Entra admin center > External Identities > User flows > "+f.DisplayName+" > Applications"))
		}
	}
	return all
}

// contextRemoval withdraws the authentication context first: Graph refuses to delete a
// published one.
func contextRemoval(c authContext) removal {
	path := contextsPath + "/" + c.ID
	r := deletion("context", "authentication context "+c.ID, path,
		"Entra admin center > Conditional Access > Authentication contexts")
	withdraw := &write{
		action: Delete,
		method: http.MethodPatch,
		path:   path,
		body:   map[string]bool{"isAvailable": false},
	}
	r.writes = []*write{withdraw, r.writes[0]}
	return r
}

func appRemovals(side, name string, app application, principal servicePrincipal) []removal {
	var all []removal
	if principal.ID != "" {
		all = append(all, deletion(side+".principal", "service principal of "+name, "/servicePrincipals/"+principal.ID,
			"Entra admin center > Enterprise applications > "+name+" > Properties > Delete"))
	}
	if app.ID != "" {
		all = append(all, deletion(side+".app", "application "+name, appsPath+"/"+app.ID,
			"Entra admin center > App registrations > "+name+" > Delete"))
	}
	return all
}

const deletedPath = "/directory/deletedItems"

// FindDeleted returns the objects of the setup that the tenant keeps as soft-deleted:
// those of an earlier reading, and those that the tenant lists.
func FindDeleted(ctx context.Context, a *API, w Wanted, before *Tenant) ([]SoftDeleted, error) {
	w = w.withDefaults()
	var all []SoftDeleted
	add := func(s SoftDeleted) {
		if s.ID != "" && !slices.ContainsFunc(all, func(known SoftDeleted) bool { return known.ID == s.ID }) {
			all = append(all, s)
		}
	}
	for _, app := range []application{before.attributes, before.client, before.midTier} {
		add(SoftDeleted{Kind: "application", ID: app.ID, Name: app.DisplayName})
	}
	for _, kind := range []string{"application", "servicePrincipal"} {
		found, err := list[application](ctx, a, deletedPath+"/microsoft.graph."+kind)
		if err != nil && !isFinal(statusOf(err)) {
			return all, faultOf(err, "cannot read the deleted objects")
		}
		for _, o := range found {
			if slices.Contains(o.Tags, w.tag()) {
				add(SoftDeleted{Kind: kind, ID: o.ID, Name: o.DisplayName})
			}
		}
	}
	return all, nil
}

// Purge deletes soft-deleted objects for good.
func Purge(ctx context.Context, a *API, deleted []SoftDeleted, o Options) error {
	r := &run{api: a, options: o.withDefaults(), fresh: true}
	r.options.Journal = Journal{}
	for _, d := range deleted {
		gone := deletion("deleted", d.Kind+" "+d.Name, deletedPath+"/"+d.ID, "")
		if _, err := r.send(ctx, gone.object, gone.writes[0]); err != nil && statusOf(err) != http.StatusNotFound {
			return faultOf(err, "cannot delete "+d.Name+" for good")
		}
	}
	return nil
}
