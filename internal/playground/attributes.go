package playground

import (
	"fmt"
	"path/filepath"

	"github.com/profilectl/profilectl/internal/attributes"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/serve"
	"github.com/profilectl/profilectl/internal/statefile"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// attributesSecretFile holds the secret with which the mid-tier changes custom attributes.
const attributesSecretFile = "attributes-secret"

// readAttributes reads the file of custom attributes.
func (o *Options) readAttributes() error {
	if o.Attributes == "" {
		return nil
	}
	if o.Empty {
		return &fault.Error{
			Kind: fault.Usage,
			What: "an empty tenant has no custom attributes",
			Fix:  "start a tenant that is not empty, or without attributes",
		}
	}
	schema, err := attributes.Read(o.Attributes)
	if err != nil {
		return err
	}
	for _, field := range schema.Fields() {
		if field.Custom() {
			o.attributes = append(o.attributes, attributeOf(field))
		}
	}
	return nil
}

// attributeOf returns a field as the sandbox defines it. Sign-up pages ask for it if users may
// edit it. The file does not say what a user must enter. Only the length of a text can be limited
// there, with an expression, as an administrator would in Entra.
func attributeOf(field profile.Field) control.Attribute {
	a := control.Attribute{
		Property: field.Name,
		Name:     field.Short(),
		Label:    field.Label,
		Type:     "string",
		Input:    "text",
	}
	switch field.Kind {
	case profile.Text:
		a.Pattern = fmt.Sprintf("^.{0,%d}$", field.Max)
	case profile.Boolean:
		a.Type, a.Input = "boolean", "checkboxSingleSelect"
	case profile.Integer:
		a.Type = "int64"
	case profile.Choice:
		a.Input = "radioSingleSelect"
	case profile.Choices:
		a.Input = "checkboxMultiSelect"
	}
	if field.ReadOnly {
		a.Input, a.Pattern = "", ""
		return a
	}
	for _, v := range field.Values {
		a.Options = append(a.Options, control.Option{Value: v.Value, Label: v.Label})
	}
	return a
}

// attributeSettings returns the settings with which the mid-tier of a tenant changes custom
// attributes, or the zero value if there are none.
func (p *Playground) attributeSettings(o Options, f sandbox.Facts) (s serve.AttributesSettings, err error) {
	if o.Attributes == "" || f.AttributesID == "" {
		return s, nil
	}
	secret := filepath.Join(p.Dir, attributesSecretFile)
	if err := statefile.Write(secret, []byte(f.AttributesSecret)); err != nil {
		return s, stateFault(p.Dir, err)
	}
	return serve.AttributesSettings{
		File:       o.Attributes,
		ClientID:   f.AttributesID,
		Credential: serve.CredentialSettings{SecretFile: secret},
	}, nil
}
