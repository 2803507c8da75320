package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// longInteger is the name of directory.IntegerType in directory extensions.
const longInteger = "LargeInteger"

func extensionSet(app *directory.App) string {
	return "applications('" + app.ObjectID + "')/extensionProperties"
}

// extensionObject returns a custom attribute as a directory extension (learn.microsoft.com,
// "extensionProperty resource type").
func extensionObject(app *directory.App, a directory.Attribute) odata.Object {
	kind := a.Type
	if kind == directory.IntegerType {
		kind = longInteger
	}
	return odata.Object{
		"id":                     a.ID,
		"deletedDateTime":        nil,
		"appDisplayName":         app.Name,
		"dataType":               kind,
		"isMultiValued":          false,
		"isSyncedFromOnPremises": false,
		"name":                   a.Property(),
		"targetObjects":          []string{"User"},
	}
}

func (a *Admin) listExtensions(c call) (res result, e *odata.Error) {
	var all []odata.Object
	set := ""
	a.Directory.View(func(d *directory.State) {
		var app *directory.App
		if app, e = a.findApp(d, c.key("app")); e != nil {
			return
		}
		set = extensionSet(app)
		for _, attribute := range d.Attributes {
			if strings.EqualFold(attribute.App, app.ID) && !a.isFresh(attribute.Property()) {
				all = append(all, extensionObject(app, attribute))
			}
		}
	})
	if e != nil {
		return res, e
	}
	return a.collection(c, set, all)
}

// findExtension returns the directory extension that a path names.
func (a *Admin) findExtension(d *directory.State, c call) (*directory.App, directory.Attribute, *odata.Error) {
	app, e := a.findApp(d, c.key("app"))
	if e != nil {
		return nil, directory.Attribute{}, e
	}
	i := slices.IndexFunc(d.Attributes, func(attribute directory.Attribute) bool {
		return strings.EqualFold(attribute.ID, c.key("extension")) && strings.EqualFold(attribute.App, app.ID)
	})
	if i < 0 || a.isFresh(d.Attributes[i].Property()) {
		return nil, directory.Attribute{}, odata.NoObject(c.key("extension"))
	}
	return app, d.Attributes[i], nil
}

func (a *Admin) getExtension(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var app *directory.App
		var found directory.Attribute
		if app, found, e = a.findExtension(d, c); e == nil {
			o := entity(c, extensionSet(app), extensionObject(app, found))
			res = ok(o, "returned the directory extension "+found.Property())
		}
	})
	return res, e
}

// extensionBody is the body of a request that creates a directory extension.
type extensionBody struct {
	Name    string   `json:"name"`
	Type    string   `json:"dataType"`
	Several bool     `json:"isMultiValued"`
	Targets []string `json:"targetObjects"`
}

func (b extensionBody) attribute(app *directory.App) (directory.Attribute, *odata.Error) {
	kind := b.Type
	if kind == longInteger {
		kind = directory.IntegerType
	}
	known := slices.Contains([]string{directory.StringType, directory.BooleanType, longInteger}, b.Type)
	switch {
	case !directory.IsAttributeName(b.Name):
		return directory.Attribute{}, invalidValue("name")
	case !known || b.Several:
		return directory.Attribute{}, invalidValue("dataType").
			Because("the tenant has extensions with one value of the type String, Boolean or LargeInteger only")
	case !slices.Equal(b.Targets, []string{"User"}):
		return directory.Attribute{}, invalidValue("targetObjects").Because("the tenant has extensions of User only")
	}
	return directory.Attribute{App: app.ID, Name: b.Name, Type: kind, Label: b.Name}, nil
}

func (a *Admin) createExtension(c call) (res result, e *odata.Error) {
	var body extensionBody
	if _, e := read(c.raw, &body, "name", "dataType", "isMultiValued", "targetObjects"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		wanted, e := body.attribute(app)
		if e != nil {
			return e
		}
		added, unique := d.AddAttribute(wanted)
		property := added.Property()
		if !unique {
			return odata.Conflict("An extension property exists with the name " + property + ".")
		}
		a.created(property)
		o := entity(c, extensionSet(app), extensionObject(app, added))
		res = created(o, "created the directory extension "+property)
		return nil
	})
	return res, e
}

func (a *Admin) deleteExtension(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		_, found, e := a.findExtension(d, c)
		if e != nil {
			return e
		}
		res = done("deleted the directory extension " + found.Property() + " and its values")
		return removeAttribute(d, found.Property())
	})
	return res, e
}
