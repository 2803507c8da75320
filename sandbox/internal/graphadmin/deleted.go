package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// deletedObject returns an app or its service principal in the directory's recycle bin.
func deletedObject(app directory.DeletedApp, o odata.Object) odata.Object {
	o["deletedDateTime"] = timestamp(app.Deleted)
	return o
}

func (a *Admin) listDeleted(c call) (result, *odata.Error) {
	var all []odata.Object
	a.viewDeleted(func(d *directory.State, app directory.DeletedApp) {
		all = append(all, deletedObject(app, appObject(d, app.App)))
	})
	return a.collection(c, "applications", all)
}

func (a *Admin) listDeletedPrincipals(c call) (result, *odata.Error) {
	var all []odata.Object
	a.viewDeleted(func(d *directory.State, app directory.DeletedApp) {
		if app.Principal != nil {
			all = append(all, deletedObject(app, principalObject(d, app.App)))
		}
	})
	return a.collection(c, "servicePrincipals", all)
}

func (a *Admin) viewDeleted(look func(*directory.State, directory.DeletedApp)) {
	a.Directory.View(func(d *directory.State) {
		for _, app := range d.Deleted {
			if a.Now().Sub(app.Deleted) <= keptDeleted {
				look(d, app)
			}
		}
	})
}

// findDeleted returns the index of a deleted app.
func (a *Admin) findDeleted(d *directory.State, id string) (int, *odata.Error) {
	a.sweep(d)
	i := slices.IndexFunc(d.Deleted, func(app directory.DeletedApp) bool { return strings.EqualFold(app.ObjectID, id) })
	if i < 0 {
		return 0, odata.NoObject(id)
	}
	return i, nil
}

// purgeDeleted deletes a deleted app for good.
func (a *Admin) purgeDeleted(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		i, e := a.findDeleted(d, c.key("app"))
		if e != nil {
			return e
		}
		res = done("deleted the app " + d.Deleted[i].Name + " for good")
		d.Deleted = slices.Delete(d.Deleted, i, i+1)
		return nil
	})
	return res, e
}

// restoreDeleted restores a deleted app with its service principal.
func (a *Admin) restoreDeleted(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		i, e := a.findDeleted(d, c.key("app"))
		if e != nil {
			return e
		}
		app := d.Deleted[i].App
		d.Deleted = slices.Delete(d.Deleted, i, i+1)
		d.Apps = append(d.Apps, app)
		res = ok(entity(c, "applications", appObject(d, app)), "restored the app "+app.Name)
		return nil
	})
	return res, e
}
