package sandbox

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// AddAttribute defines a custom attribute of users and returns it with the name of its property
// in Graph. Users have no value of it. The sign-up page of the first user flow asks for it if it
// has an Input.
func (t *Tenant) AddAttribute(a control.Attribute) (control.Attribute, error) {
	return a, t.directory.Update(func(d *directory.State) (err error) {
		a, err = addAttribute(d, a)
		return err
	})
}

func addAttribute(d *directory.State, a control.Attribute) (control.Attribute, error) {
	kind, ok := directory.AttributeType(cmp.Or(a.Type, "string"))
	switch {
	case !ok:
		return a, invalid("type", "the type must be string, boolean or int64")
	case !directory.IsAttributeName(a.Name):
		return a, invalid("name", "the name must consist of letters, digits and underscores")
	}
	if err := checkInput(a, kind); err != nil {
		return a, err
	}
	app, err := extensionsApp(d, a)
	if err != nil {
		return a, err
	}
	added, ok := d.AddAttribute(directory.Attribute{
		App:         app,
		Name:        a.Name,
		Type:        kind,
		Label:       cmp.Or(a.Label, a.Name),
		Description: a.Description,
	})
	if !ok {
		return a, invalid("name", "the sandbox already has an attribute %s", a.Name)
	}
	if err := askFor(d, added, a); err != nil {
		return a, err
	}
	return attributeOf(d, added), nil
}

// checkInput checks how sign-up pages ask for an attribute (learn.microsoft.com, "Collect custom
// user attributes during sign-up": which types have which inputs).
func checkInput(a control.Attribute, kind string) error {
	inputs := []string{directory.TextInput}
	switch kind {
	case directory.BooleanType:
		inputs = []string{directory.CheckboxInput}
	case directory.StringType:
		inputs = []string{directory.TextInput, directory.RadioInput, directory.SeveralInput}
	}
	hasOptions := a.Input == directory.RadioInput || a.Input == directory.SeveralInput
	switch {
	case a.Input == "" && (a.Required || a.Pattern != "" || len(a.Options) > 0):
		return invalid("input", "required, pattern and options need an input")
	case a.Input != "" && !slices.Contains(inputs, a.Input):
		return invalid("input", "the input must be %s for this type", strings.Join(inputs, " or "))
	case hasOptions != (len(a.Options) > 0):
		return invalid("options", "only radioSingleSelect and checkboxMultiSelect have options, at least one")
	}
	if _, err := regexp.Compile(a.Pattern); err != nil || a.Pattern != "" && a.Input != directory.TextInput {
		return invalid("pattern", "the pattern must be a regular expression (RE2), and only the input text has one")
	}
	for i, o := range a.Options {
		if o.Value == "" || a.Input == directory.SeveralInput && strings.Contains(o.Value, ",") {
			return invalidItem("options", i, "an option needs a value, without commas if several can be chosen")
		}
	}
	return nil
}

// extensionsApp returns the client id of the app that owns the attributes. An attribute with a
// Property names it; the tenant then adds it with this id, or must have it.
func extensionsApp(d *directory.State, a control.Attribute) (id string, err error) {
	if a.Property == "" {
		return d.ExtensionsApp("").ID, nil
	}
	named := directory.Attribute{App: directory.AppOfProperty(a.Property), Name: a.Name}
	if named.App == "" || named.Property() != a.Property {
		return "", invalid("property", "the property must be extension_, 32 hexadecimal digits, and the name")
	}
	if app := d.ExtensionsApp(named.App); !strings.EqualFold(app.ID, named.App) {
		return "", invalid("property", "the custom attributes of this tenant belong to another app: their names begin "+
			"with %s", (&directory.Attribute{App: app.ID}).Property())
	}
	return named.App, nil
}

// askFor makes the sign-up page ask for an attribute, or no longer ask for it.
func askFor(d *directory.State, known directory.Attribute, a control.Attribute) error {
	if len(d.Flows) == 0 {
		if a.Input == "" {
			return nil
		}
		return invalid("input", "the tenant has no user flow, and so no sign-up page")
	}
	in := directory.Input{
		Attribute: known.Property(),
		Label:     known.Label,
		Type:      a.Input,
		Editable:  true,
		Write:     true,
		Required:  a.Required,
		Pattern:   a.Pattern,
	}
	for _, o := range a.Options {
		in.Options = append(in.Options, directory.Option{Label: cmp.Or(o.Label, o.Value), Value: o.Value})
	}
	return d.Flows[0].SetInput(in)
}

// RemoveAttribute removes a custom attribute, by the name of its property in Graph, with the
// values that users have.
func (t *Tenant) RemoveAttribute(property string) error {
	return t.directory.Update(func(d *directory.State) error {
		if _, ok := d.AttributeOf(property); !ok {
			return missingError("attribute " + property)
		}
		return d.RemoveAttribute(property)
	})
}

// Attributes returns the custom attributes of users.
func (t *Tenant) Attributes() []control.Attribute {
	all := []control.Attribute{}
	t.directory.View(func(d *directory.State) {
		for _, a := range d.Attributes {
			all = append(all, attributeOf(d, a))
		}
	})
	return all
}

func (t *Tenant) attributes() (all []directory.Attribute) {
	t.directory.View(func(d *directory.State) { all = append(all, d.Attributes...) })
	return all
}

func attributeOf(d *directory.State, a directory.Attribute) control.Attribute {
	shown := control.Attribute{
		Property:    a.Property(),
		Name:        a.Name,
		Label:       a.Label,
		Type:        strings.ToLower(a.Type),
		Description: a.Description,
	}
	if len(d.Flows) == 0 {
		return shown
	}
	in, _ := d.Flows[0].Input(shown.Property)
	shown.Input, shown.Required, shown.Pattern = in.Type, in.Required, in.Pattern
	for _, o := range in.Options {
		shown.Options = append(shown.Options, control.Option{Value: o.Value, Label: o.Label})
	}
	return shown
}
