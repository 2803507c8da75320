package console

import (
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
)

func (c *Console) attributeRoutes(show showFunc, act actFunc) {
	attributes := screen{template: "attributes", section: "attributes", title: "Attributes", load: c.attributes}
	add := screen{template: "attribute-new", section: "attributes", title: "Add an attribute", load: newAttribute}
	show(attributesPath, attributes)
	act(attributesPath+"/{property}/remove", attributes, c.removeAttribute)
	show(attributesPath+"/new", add)
	act(attributesPath+"/new", add, c.addAttribute)
}

const attributesPath = "/sandbox/attributes"

// attributesView is the data of the page of custom attributes.
type attributesView struct {
	Attributes []control.Attribute
	Values     []attributeValue
}

// attributeValue is the value that a user has of a custom attribute.
type attributeValue struct{ Email, Label, Value string }

func (c *Console) attributes(r *http.Request) (any, error) {
	var v attributesView
	var err error
	if v.Attributes, err = c.Control.Attributes(r.Context()); err != nil || len(v.Attributes) == 0 {
		return v, err
	}
	users, err := c.Control.Users(r.Context())
	if err != nil {
		return v, err
	}
	for _, u := range users {
		user, err := c.Control.User(r.Context(), u.Email)
		if err != nil {
			return v, err
		}
		for _, a := range v.Attributes {
			if value, ok := user.Profile[a.Property]; ok {
				v.Values = append(v.Values, attributeValue{Email: u.Email, Label: a.Label, Value: value})
			}
		}
	}
	return v, nil
}

// attributeForm has the choices of the form for a new attribute.
type attributeForm struct{ Types, Inputs []choice }

func newAttribute(r *http.Request) (any, error) {
	return attributeForm{
		Types: choices(r.PostForm.Get("type"),
			[2]string{"string", "string"},
			[2]string{"boolean", "boolean: true or false"},
			[2]string{"int64", "int64: whole number"}),
		Inputs: choices(r.PostForm.Get("input"),
			[2]string{"", "Not asked for"},
			[2]string{"text", "text (string, int64)"},
			[2]string{"checkboxSingleSelect", "checkboxSingleSelect (boolean)"},
			[2]string{"radioSingleSelect", "radioSingleSelect: one option"},
			[2]string{"checkboxMultiSelect", "checkboxMultiSelect: several options"}),
	}, nil
}

func (c *Console) addAttribute(r *http.Request) (string, notice, error) {
	f := r.PostForm
	added, err := c.Control.AddAttribute(r.Context(), control.Attribute{
		Name:        strings.TrimSpace(f.Get("name")),
		Label:       strings.TrimSpace(f.Get("label")),
		Description: strings.TrimSpace(f.Get("description")),
		Type:        f.Get("type"),
		Input:       f.Get("input"),
		Required:    f.Has("required"),
		Pattern:     f.Get("pattern"),
		Options:     readOptions(f.Get("options")),
	})
	return attributesPath, notice{Text: "The attribute " + added.Label + " was added."}, err
}

// readOptions returns the options in a text with one a line: VALUE or VALUE=LABEL.
func readOptions(text string) (all []control.Option) {
	for line := range strings.Lines(text) {
		value, label, _ := strings.Cut(line, "=")
		o := control.Option{Value: strings.TrimSpace(value), Label: strings.TrimSpace(label)}
		if o != (control.Option{}) {
			all = append(all, o)
		}
	}
	return all
}

func (c *Console) removeAttribute(r *http.Request) (string, notice, error) {
	err := c.Control.RemoveAttribute(r.Context(), r.PathValue("property"))
	return attributesPath, notice{Text: "The attribute was removed, with the values that users had."}, err
}

// attributeProperties returns the custom attributes as properties of a profile.
func attributeProperties(attributes []control.Attribute, profile map[string]string) (all []property) {
	for _, a := range attributes {
		p := property{Name: a.Property, Label: a.Label, Value: profile[a.Property]}
		switch a.Type {
		case "boolean":
			p.Label += " (true or false)"
		case "int64":
			p.Label += " (whole number)"
		}
		all = append(all, p)
	}
	return all
}
