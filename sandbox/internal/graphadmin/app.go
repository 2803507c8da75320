package graphadmin

import (
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// keptDeleted is how long a deleted app can be restored.
const keptDeleted = 30 * 24 * time.Hour

func (a *Admin) listApps(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, app := range d.Apps {
			if !a.isFresh(app.ObjectID) {
				all = append(all, appObject(d, app))
			}
		}
	})
	return a.collection(c, "applications", all)
}

// collection returns the page of a collection that the query selects.
func (a *Admin) collection(c call, name string, all []odata.Object) (result, *odata.Error) {
	context := metadata + name
	if c.query.Select != nil {
		context += "(" + strings.Join(c.query.Select, ",") + ")"
	}
	address := *c.r.URL
	address.Path = "/v1.0" + address.Path
	address.Host, address.Scheme = c.r.Host, "https"
	page, e := c.query.Page(context, all, &address)
	return ok(page, "listed "+name), e
}

// entity returns the response for one object.
func entity(c call, set string, o odata.Object) odata.Object {
	context := metadata + set
	if c.query.Select != nil {
		context += "(" + strings.Join(c.query.Select, ",") + ")"
	}
	o = c.query.Project(o)
	o["@odata.context"] = context + "/$entity"
	return o
}

// findApp returns the app that a key names: an object id, or appId='…'. An app that is too
// new is not found.
func (a *Admin) findApp(d *directory.State, key string) (*directory.App, *odata.Error) {
	id := key
	find := d.AppByObjectID
	if appID, ok := strings.CutPrefix(key, "appId="); ok {
		id, find = strings.Trim(appID, "'"), d.AppByID
	}
	app, known := find(id)
	if !known {
		return nil, odata.NoObject(id)
	}
	if a.isFresh(app.ObjectID) {
		return nil, odata.NoObject(id).Because("the app is new, and the replication lag is %s", a.Lag)
	}
	return app, nil
}

func (a *Admin) getApp(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var app *directory.App
		if app, e = a.findApp(d, c.key("app")); e == nil {
			res = ok(entity(c, "applications", appObject(d, *app)), "returned the app "+app.Name)
		}
	})
	return res, e
}

func (a *Admin) createApp(c call) (res result, e *odata.Error) {
	change, e := parseApp(c.raw, a.Now())
	if e != nil {
		return res, e
	}
	if change.body.DisplayName == nil {
		return res, odata.Rejected("A value is required for property 'displayName' of resource 'Application'.")
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app := directory.App{ID: directory.NewID(), ObjectID: directory.NewID(), Created: a.Now()}
		if e := change.apply(d, &app); e != nil {
			return e
		}
		d.Apps = append(d.Apps, app)
		a.created(app.ObjectID)
		res = created(entity(c, "applications", appObject(d, app)), "created the app "+app.Name)
		return nil
	})
	return res, e
}

func (a *Admin) updateApp(c call) (res result, e *odata.Error) {
	change, e := parseApp(c.raw, a.Now())
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		if e := change.apply(d, app); e != nil {
			return e
		}
		d.PruneConsents()
		res = done("changed the app " + app.Name)
		return nil
	})
	return res, e
}

// deleteApp deletes an app, which can be restored for 30 days. Its service principal and
// what that was granted go with it (learn.microsoft.com, "Delete application").
func (a *Admin) deleteApp(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		res = done("deleted the app " + app.Name)
		d.Deleted = append(d.Deleted, directory.DeletedApp{App: *app, Deleted: a.Now()})
		d.RemoveApp(app.ID)
		d.PruneConsents()
		return nil
	})
	return res, e
}

// sweep removes the deleted apps that can no longer be restored.
func (a *Admin) sweep(d *directory.State) {
	d.Deleted = slices.DeleteFunc(d.Deleted, func(app directory.DeletedApp) bool {
		return a.Now().Sub(app.Deleted) > keptDeleted
	})
}
