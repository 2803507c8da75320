package directory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The types of inputs on sign-up pages (learn.microsoft.com,
// "authenticationAttributeCollectionInputConfiguration resource type").
const (
	TextInput     = "text"
	CheckboxInput = "checkboxSingleSelect"
	RadioInput    = "radioSingleSelect"
	SeveralInput  = "checkboxMultiSelect"
)

// Input represents a question of a sign-up page.
type Input struct {
	Attribute string   `json:"attribute"` // the name of the property
	Label     string   `json:"label"`
	Type      string   `json:"inputType"`
	Default   string   `json:"defaultValue,omitempty"`
	Hidden    bool     `json:"hidden"`
	Editable  bool     `json:"editable"`
	Write     bool     `json:"writeToDirectory"`
	Required  bool     `json:"required"`
	Pattern   string   `json:"validationRegEx,omitempty"`
	Options   []Option `json:"options,omitempty"`
}

// Option represents a choice of an input.
type Option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// collection is the part of a flow's AttributeCollection that the sign-up page shows. Other
// parts stay as they are.
type collection struct {
	Page struct {
		Views []struct {
			Inputs []Input `json:"inputs"`
		} `json:"views"`
	} `json:"attributeCollectionPage"`
}

// Inputs returns the questions of the flow's sign-up page, in order. JSON that does not have
// the documented form has none.
func (f *UserFlow) Inputs() (all []Input) {
	var c collection
	if len(f.AttributeCollection) == 0 || json.Unmarshal(f.AttributeCollection, &c) != nil {
		return nil
	}
	for _, view := range c.Page.Views {
		all = append(all, view.Inputs...)
	}
	return all
}

// Input returns the question for a property.
func (f *UserFlow) Input(property string) (Input, bool) {
	all := f.Inputs()
	i := slices.IndexFunc(all, func(in Input) bool { return strings.EqualFold(in.Attribute, property) })
	if i < 0 {
		return Input{}, false
	}
	return all[i], true
}

// SetInput adds a question, or replaces the one for the same property. An input without a type
// removes it.
func (f *UserFlow) SetInput(in Input) error {
	all := f.Inputs()
	i := slices.IndexFunc(all, func(known Input) bool { return strings.EqualFold(known.Attribute, in.Attribute) })
	switch {
	case in.Type == "" && i < 0:
		return nil
	case in.Type == "":
		all = slices.Delete(all, i, i+1)
	case i < 0:
		all = append(all, in)
	default:
		all[i] = in
	}
	if all == nil {
		all = []Input{}
	}
	return f.setInputs(all)
}

// setInputs makes the questions the only view of the page, and their properties the attributes
// of the collection.
func (f *UserFlow) setInputs(all []Input) error {
	attributes := []map[string]string{}
	for _, in := range all {
		attributes = append(attributes, map[string]string{"id": in.Attribute})
	}
	raw, err := json.Marshal(map[string]any{
		"@odata.type":             "#microsoft.graph.onAttributeCollectionExternalUsersSelfServiceSignUp",
		"attributes":              attributes,
		"attributeCollectionPage": map[string]any{"views": []any{map[string]any{"inputs": all}}},
	})
	if err != nil {
		return fmt.Errorf("encode inputs: %w", err)
	}
	f.AttributeCollection = raw
	return nil
}
