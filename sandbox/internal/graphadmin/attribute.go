package graphadmin

import (
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const attributeSet = "userFlowAttributes"

// attributeObject returns an attribute of user flows as Graph shows it (learn.microsoft.com,
// "identityUserFlowAttribute resource type").
func attributeObject(a directory.FlowAttribute) odata.Object {
	kind := "builtIn"
	if a.Custom {
		kind = "custom"
	}
	return odata.Object{
		"id":                    a.ID,
		"displayName":           a.Label,
		"description":           orNull(a.Description),
		"userFlowAttributeType": kind,
		"dataType":              strings.ToLower(a.Type),
	}
}

func (a *Admin) listAttributes(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, f := range d.FlowAttributes() {
			if !a.isFresh(f.ID) {
				all = append(all, attributeObject(f))
			}
		}
	})
	return a.collection(c, attributeSet, all)
}

func (a *Admin) findAttribute(d *directory.State, id string) (directory.FlowAttribute, *odata.Error) {
	f, ok := d.FlowAttribute(id)
	if !ok || a.isFresh(f.ID) {
		return f, odata.ResourceNotFound(id)
	}
	return f, nil
}

// findCustom returns a custom attribute: only those can be changed and deleted.
func (a *Admin) findCustom(d *directory.State, id string) (*directory.Attribute, *odata.Error) {
	f, e := a.findAttribute(d, id)
	if e != nil {
		return nil, e
	}
	custom, ok := d.AttributeOf(f.ID)
	if !ok {
		return nil, odata.BadRequest("A built-in user flow attribute cannot be changed.")
	}
	return custom, nil
}

func (a *Admin) getAttribute(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var f directory.FlowAttribute
		if f, e = a.findAttribute(d, c.key("attribute")); e == nil {
			res = ok(entity(c, attributeSet, attributeObject(f)), "returned the attribute "+f.ID)
		}
	})
	return res, e
}

// createAttribute adds a custom attribute. Its name is the display name without spaces
// (learn.microsoft.com: Favorite color becomes extension_…_Favoritecolor). The texts of the errors
// are inferred.
func (a *Admin) createAttribute(c call) (res result, e *odata.Error) {
	var body struct {
		Name        string `json:"displayName"`
		Description string `json:"description"`
		Type        string `json:"dataType"`
	}
	if _, e := read(c.raw, &body, "displayName", "description", "dataType"); e != nil {
		return res, e
	}
	kind, known := directory.AttributeType(body.Type)
	name := strings.ReplaceAll(body.Name, " ", "")
	switch {
	case name == "":
		return res, odata.BadRequest("A value is required for the property displayName.")
	case !directory.IsAttributeName(name):
		return res, odata.BadRequest("The value of the property displayName is invalid.").
			Because("the tenant accepts letters, digits, underscores and spaces")
	case !known:
		return res, odata.BadRequest("The value of the property dataType is invalid.").
			Because("the data type must be string, boolean or int64")
	}
	e = a.update(func(d *directory.State) *odata.Error {
		added, unique := d.AddAttribute(directory.Attribute{
			App:         d.ExtensionsApp("").ID,
			Name:        name,
			Type:        kind,
			Label:       body.Name,
			Description: body.Description,
		})
		property := added.Property()
		if !unique {
			return odata.BadRequest("A user flow attribute with the same name already exists.")
		}
		a.created(property)
		f, _ := d.FlowAttribute(property)
		res = created(entity(c, attributeSet, attributeObject(f)), "created the attribute "+property)
		return nil
	})
	return res, e
}

// updateAttribute changes the description, which is all that can be changed.
func (a *Admin) updateAttribute(c call) (res result, e *odata.Error) {
	var body struct {
		Description *string `json:"description"`
	}
	if _, e := read(c.raw, &body, "description"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		custom, e := a.findCustom(d, c.key("attribute"))
		if e != nil {
			return e
		}
		set(&custom.Description, body.Description)
		res = done("changed the attribute " + custom.Property())
		return nil
	})
	return res, e
}

func (a *Admin) deleteAttribute(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		custom, e := a.findCustom(d, c.key("attribute"))
		if e != nil {
			return e
		}
		property := custom.Property()
		res = done("deleted the attribute " + property + " and its values")
		return removeAttribute(d, property)
	})
	return res, e
}

// removeAttribute removes an attribute with its values and the questions for it. That Graph
// accepts it while a user flow asks for the attribute is inferred.
func removeAttribute(d *directory.State, property string) *odata.Error {
	if err := d.RemoveAttribute(property); err != nil {
		return odata.BadRequest("The attribute cannot be removed.").Because("%v", err)
	}
	return nil
}
