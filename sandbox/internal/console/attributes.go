package console

import (
	"net/http"

	"github.com/profilectl/profilectl/sandbox/control"
)

func (c *Console) attributeRoutes(show showFunc, act actFunc) {
	const path = "/sandbox/attributes"
	attributes := screen{template: "attributes", section: "attributes", title: "Attributes", load: c.attributes}
	show(path, attributes)
	act(path+"/{property}/remove", attributes, func(r *http.Request) (string, notice, error) {
		err := c.Control.RemoveAttribute(r.Context(), r.PathValue("property"))
		return path, notice{Text: "The attribute was removed, with the values that users had."}, err
	})
}

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
