package graphadmin

import (
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

const contextSet = "identity/conditionalAccess/authenticationContextClassReferences"

func contextObject(c directory.AuthContext) odata.Object {
	return odata.Object{
		"id":          c.ID,
		"displayName": orNull(c.Name),
		"description": orNull(c.Description),
		"isAvailable": c.Available,
	}
}

func (a *Admin) listContexts(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, context := range d.Contexts {
			all = append(all, contextObject(context))
		}
	})
	return a.collection(c, contextSet, all)
}

func (a *Admin) getContext(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		context, known := d.ContextByID(c.key("context"))
		if !known {
			e = odata.ResourceNotFound(c.key("context"))
			return
		}
		res = ok(entity(c, contextSet, contextObject(*context)), "returned the authentication context "+context.ID)
	})
	return res, e
}

type contextBody struct {
	ID          string  `json:"id"`
	Name        *string `json:"displayName"`
	Description *string `json:"description"`
	Available   *bool   `json:"isAvailable"`
}

func (b contextBody) apply(c *directory.AuthContext) {
	set(&c.Name, b.Name)
	set(&c.Description, b.Description)
	set(&c.Available, b.Available)
}

func (a *Admin) createContext(c call) (res result, e *odata.Error) {
	var body contextBody
	if _, e := read(c.raw, &body, "id", "displayName", "description", "isAvailable"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		if _, taken := d.ContextByID(body.ID); taken {
			return odata.Conflict("The authentication context " + body.ID + " already exists.")
		}
		context, e := addContext(d, body.ID)
		if e != nil {
			return e
		}
		body.apply(context)
		res = created(entity(c, contextSet, contextObject(*context)), "created the authentication context "+body.ID)
		return nil
	})
	return res, e
}

func addContext(d *directory.State, id string) (*directory.AuthContext, *odata.Error) {
	if !sts.IsContext(id) {
		return nil, odata.BadRequest("The id of an authentication context must be one of c1 to c99.")
	}
	d.Contexts = append(d.Contexts, directory.AuthContext{ID: id})
	return &d.Contexts[len(d.Contexts)-1], nil
}

// updateContext changes an authentication context, or creates it (learn.microsoft.com,
// "Update authenticationContextClassReference").
func (a *Admin) updateContext(c call) (res result, e *odata.Error) {
	var body contextBody
	if _, e := read(c.raw, &body, "id", "displayName", "description", "isAvailable"); e != nil {
		return res, e
	}
	id := c.key("context")
	e = a.update(func(d *directory.State) *odata.Error {
		context, known := d.ContextByID(id)
		if !known {
			var e *odata.Error
			if context, e = addContext(d, id); e != nil {
				return e
			}
		}
		body.apply(context)
		res = done("changed the authentication context " + id)
		return nil
	})
	return res, e
}

// deleteContext deletes an authentication context that no policy guards.
func (a *Admin) deleteContext(c call) (res result, e *odata.Error) {
	id := c.key("context")
	e = a.update(func(d *directory.State) *odata.Error {
		if _, known := d.ContextByID(id); !known {
			return odata.ResourceNotFound(id)
		}
		for _, p := range d.Policies {
			if slices.Contains(p.Contexts, id) {
				return odata.BadRequest("The authentication context is used by a policy.").
					Because("the policy %s guards the authentication context", p.Name)
			}
		}
		d.Contexts = slices.DeleteFunc(d.Contexts, func(c directory.AuthContext) bool { return c.ID == id })
		res = done("deleted the authentication context " + id)
		return nil
	})
	return res, e
}
