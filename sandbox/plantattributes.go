package sandbox

import (
	"cmp"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/tenantfile"
)

// named returns the attributes of the file that have a property, so that users of the file can
// have values. addAttributes checks them.
func (p *plan) named() (all []directory.Attribute) {
	for _, a := range p.file.Attributes {
		kind, _ := directory.AttributeType(cmp.Or(a.Type, "string"))
		if app := directory.AppOfProperty(a.Property); app != "" {
			all = append(all, directory.Attribute{App: app, Name: a.Name, Type: kind})
		}
	}
	return all
}

// addAttributes adds the attributes that d does not have.
func (p *plan) addAttributes(d *directory.State) error {
	for i, a := range p.file.Attributes {
		if hasAttribute(d, a) {
			continue
		}
		wanted := control.Attribute{
			Property:    a.Property,
			Name:        a.Name,
			Label:       a.Label,
			Type:        a.Type,
			Description: a.Description,
			Input:       a.Input,
			Required:    a.Required,
			Pattern:     a.Pattern,
		}
		for _, o := range a.Options {
			wanted.Options = append(wanted.Options, control.Option{Value: o.Value, Label: o.Label})
		}
		if _, err := addAttribute(d, wanted); err != nil {
			return p.at(err, "attributes", i)
		}
	}
	return nil
}

// hasAttribute reports whether a tenant has the attribute with the property of a, or with its
// name if a has no property.
func hasAttribute(d *directory.State, a tenantfile.Attribute) bool {
	return slices.ContainsFunc(d.Attributes, func(known directory.Attribute) bool {
		if a.Property == "" {
			return strings.EqualFold(known.Name, a.Name)
		}
		return strings.EqualFold(known.Property(), a.Property)
	})
}
