package graphadmin

import (
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// The attributes that the sign-up page of a user flow collects (learn.microsoft.com, "Add
// attribute (to user flow)"). They are the inputs of the page: here, removing an attribute also
// removes its input.

func (a *Admin) listCollected(c call) (res result, e *odata.Error) {
	all := []odata.Object{}
	a.Directory.View(func(d *directory.State) {
		var flow *directory.UserFlow
		if flow, e = a.findFlow(d, c.key("flow")); e != nil {
			return
		}
		for _, in := range flow.Inputs() {
			if f, known := d.FlowAttribute(in.Attribute); known {
				all = append(all, attributeObject(f))
			}
		}
	})
	if e != nil {
		return res, e
	}
	return a.collection(c, attributeSet, all)
}

// addCollected adds an attribute with its default input.
func (a *Admin) addCollected(c call) (res result, e *odata.Error) {
	var body struct {
		Reference string `json:"@odata.id"`
	}
	if _, e := read(c.raw, &body); e != nil {
		return res, e
	}
	_, id, named := strings.Cut(canonical(body.Reference), "/"+attributeSet+"/")
	if !named {
		return res, odata.BadRequest("The value of @odata.id does not name a user flow attribute.")
	}
	e = a.update(func(d *directory.State) *odata.Error {
		flow, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		f, e := a.findAttribute(d, id)
		if e != nil {
			return e
		}
		if _, known := flow.Input(f.ID); known {
			return odata.BadRequest("The attribute is already part of the user flow.")
		}
		res = done("added the attribute " + f.ID + " to the user flow " + flow.Name)
		return setInput(flow, f.DefaultInput())
	})
	return res, e
}

func (a *Admin) removeCollected(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		flow, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		in, known := flow.Input(c.key("attribute"))
		if !known {
			return odata.ResourceNotFound(c.key("attribute"))
		}
		res = done("removed the attribute " + in.Attribute + " from the user flow " + flow.Name)
		return setInput(flow, directory.Input{Attribute: in.Attribute})
	})
	return res, e
}

func setInput(flow *directory.UserFlow, in directory.Input) *odata.Error {
	if err := flow.SetInput(in); err != nil {
		return odata.BadRequest("The attributes of the user flow cannot be changed.").Because("%v", err)
	}
	return nil
}
