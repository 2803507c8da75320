package directory

import "strings"

// FlowAttribute represents an attribute that sign-up pages can ask for: a built-in one, or a
// custom one of ExtensionsApp (learn.microsoft.com, "identityUserFlowAttribute resource type").
type FlowAttribute struct {
	ID          string // the name of the property of users
	Label       string
	Description string
	Type        string // String, Boolean or Int64
	Custom      bool
}

// FlowAttributes returns all attributes that sign-up pages can ask for. That a directory
// extension that was added to ExtensionsApp in another way is one of them, is inferred.
func (s *State) FlowAttributes() []FlowAttribute {
	all := builtInAttributes()
	for _, a := range s.Attributes {
		if app, ok := s.AppByID(a.App); !ok || app.Name != ExtensionsAppName {
			continue
		}
		all = append(all, FlowAttribute{
			ID:          a.Property(),
			Label:       a.Label,
			Description: a.Description,
			Type:        a.Type,
			Custom:      true,
		})
	}
	return all
}

// FlowAttribute returns the attribute with an id, ignoring case.
func (s *State) FlowAttribute(id string) (FlowAttribute, bool) {
	for _, a := range s.FlowAttributes() {
		if strings.EqualFold(a.ID, id) {
			return a, true
		}
	}
	return FlowAttribute{}, false
}

// builtInAttributes returns the built-in attributes of external tenants (learn.microsoft.com,
// "User profile attributes"). Most descriptions are inferred.
func builtInAttributes() []FlowAttribute {
	all := []FlowAttribute{
		{ID: "city", Label: "City", Description: "The city in which the user is located."},
		{ID: "country", Label: "Country/Region", Description: "The country/region in which the user is located."},
		{ID: "displayName", Label: "Display Name", Description: "Display Name of the User."},
		{ID: "email", Label: "Email Address", Description: "Email address of the user"},
		{ID: "givenName", Label: "Given Name", Description: "The user's given name (also known as first name)."},
		{ID: "jobTitle", Label: "Job Title", Description: "The user's job title."},
		{ID: "postalCode", Label: "Postal Code", Description: "The postal code of the user's address."},
		{ID: "state", Label: "State/Province", Description: "The state or province in user's address."},
		{ID: "streetAddress", Label: "Street Address", Description: "The street address where the user is located."},
		{ID: "surname", Label: "Surname", Description: "The user's surname (also known as family name or last name)."},
	}
	for i := range all {
		all[i].Type = StringType
	}
	return all
}

// DefaultInput returns the question for an attribute with the settings that it has when it is
// added to a user flow. They are inferred from the default expressions and input types that
// Microsoft documents.
func (a FlowAttribute) DefaultInput() Input {
	in := Input{Attribute: a.ID, Label: a.Label, Type: TextInput, Editable: true, Write: true}
	switch a.Type {
	case StringType:
		in.Pattern = "^.*"
	case IntegerType:
		in.Pattern = digits
	case BooleanType:
		in.Type = CheckboxInput
	}
	return in
}
