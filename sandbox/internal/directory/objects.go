package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Objects holds what administrators manage through Microsoft Graph, with all properties.
type Objects struct {
	Apps       []App                 `json:"apps,omitempty"`
	Policies   []Policy              `json:"policies,omitempty"`
	Contexts   []AuthContext         `json:"contexts,omitempty"`
	Flows      []UserFlow            `json:"userFlows,omitempty"`
	Attributes []Attribute           `json:"attributes,omitempty"`
	Microsoft  []FirstPartyPrincipal `json:"microsoft,omitempty"`
	Deleted    []DeletedApp          `json:"deleted,omitempty"`
	NoEmailOTP bool                  `json:"noEmailOtp,omitempty"`
}

// Objects returns the objects of a tenant.
func (s *State) Objects() Objects {
	return Objects{
		Apps:       s.Apps,
		Policies:   s.Policies,
		Contexts:   s.Contexts,
		Flows:      s.Flows,
		Attributes: s.Attributes,
		Microsoft:  s.Microsoft,
		Deleted:    s.Deleted,
		NoEmailOTP: s.NoEmailOTP,
	}
}

// Encode returns the objects as JSON.
func (o *Objects) Encode() (string, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("encode objects: %w", err)
	}
	return string(raw), nil
}

// ParseObjects reads what Encode returned. An empty text is no objects.
func ParseObjects(text string) (o Objects, err error) {
	if text == "" {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("must be the JSON of an export: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, errors.New("must be the JSON of an export: more than one value")
	}
	return o, nil
}

// App returns the app registration with a client id, or the zero value.
func (o *Objects) App(id string) App {
	for _, a := range o.Apps {
		if strings.EqualFold(a.ID, id) {
			return a
		}
	}
	return App{}
}

// Policy returns the policy with an id, or the zero value.
func (o *Objects) Policy(id string) Policy {
	for _, p := range o.Policies {
		if strings.EqualFold(p.ID, id) {
			return p
		}
	}
	return Policy{}
}
