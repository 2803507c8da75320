package sandbox

import (
	"cmp"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// AddAttribute defines a custom attribute of users and returns it with the name of its property
// in Graph. Users have no value of it, and sign-up pages do not ask for it.
func (t *Tenant) AddAttribute(a control.Attribute) (control.Attribute, error) {
	kind, ok := directory.AttributeType(cmp.Or(a.Type, "string"))
	if !ok {
		return a, invalid("type", "must be string, boolean or int64")
	}
	if !directory.IsAttributeName(a.Name) {
		return a, invalid("name", "must consist of letters, digits and underscores")
	}
	return a, t.directory.Update(func(d *directory.State) error {
		added := directory.Attribute{
			ID:          directory.NewID(),
			App:         d.ExtensionsApp().ID,
			Name:        a.Name,
			Type:        kind,
			Label:       cmp.Or(a.Label, a.Name),
			Description: a.Description,
		}
		if _, taken := d.AttributeOf(added.Property()); taken {
			return invalid("name", "the sandbox already has an attribute %s", a.Name)
		}
		d.Attributes = append(d.Attributes, added)
		a = attributeOf(added)
		return nil
	})
}

// RemoveAttribute removes a custom attribute, by the name of its property in Graph, with the
// values that users have.
func (t *Tenant) RemoveAttribute(property string) error {
	return t.directory.Update(func(d *directory.State) error {
		if _, ok := d.AttributeOf(property); !ok {
			return missingError("attribute " + property)
		}
		d.RemoveAttribute(property)
		return nil
	})
}

// Attributes returns the custom attributes of users.
func (t *Tenant) Attributes() []control.Attribute {
	all := []control.Attribute{}
	for _, a := range t.attributes() {
		all = append(all, attributeOf(a))
	}
	return all
}

func (t *Tenant) attributes() (all []directory.Attribute) {
	t.directory.View(func(d *directory.State) { all = append(all, d.Attributes...) })
	return all
}

func attributeOf(a directory.Attribute) control.Attribute {
	return control.Attribute{
		Property:    a.Property(),
		Name:        a.Name,
		Label:       a.Label,
		Type:        strings.ToLower(a.Type),
		Description: a.Description,
	}
}
