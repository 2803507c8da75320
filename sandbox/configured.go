package sandbox

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

const (
	// attributesAppName is the name of the app that may change custom attributes.
	attributesAppName = "edit-profile-attributes"
	attributesRole    = "User.ReadWrite.All"
)

// addConfigured adds the attributes of the configuration, and the app that may change them.
func (t *Tenant) addConfigured() error {
	if len(t.config.Attributes) == 0 {
		return nil
	}
	return t.directory.Update(func(d *directory.State) error {
		for _, a := range t.config.Attributes {
			if err := putAttribute(d, a); err != nil {
				return &control.FileError{Field: a.Property, Problem: err.Error()}
			}
		}
		if _, ok := d.AppByID(d.MidTier); !ok {
			return errors.New("a tenant without a mid-tier has no custom attributes from the start")
		}
		if attributesApp(d).ID != "" {
			return nil
		}
		added := directory.App{
			ID:      directory.NewID(),
			Name:    attributesAppName,
			Created: t.now(),
			Secrets: []directory.Secret{{ID: directory.NewID(), Value: rand.Text()}},
		}
		added.Complete()
		d.Apps = append(d.Apps, added)
		return grantRoles(d, added.ID, []string{attributesRole}, t.now())
	})
}

// putAttribute adds an attribute, or changes its label and how sign-up pages ask for it.
func putAttribute(d *directory.State, a control.Attribute) error {
	known, ok := d.AttributeOf(a.Property)
	if !ok {
		_, err := addAttribute(d, a)
		return err
	}
	if kind, ok := directory.AttributeType(a.Type); !ok || kind != known.Type {
		return invalid("type", "the attribute %s has the type %s in the tenant", known.Property(),
			strings.ToLower(known.Type))
	}
	if err := checkInput(a, known.Type); err != nil {
		return err
	}
	known.Label = a.Label
	return askFor(d, *known, a)
}

// attributesApp returns the first app with a secret that may change custom attributes, or an
// app without an id.
func attributesApp(d *directory.State) *directory.App {
	i := slices.IndexFunc(d.Apps, func(a directory.App) bool {
		return a.Secret() != "" && slices.Contains(a.RoleNames(directory.GraphID), attributesRole)
	})
	if i < 0 {
		return &directory.App{}
	}
	return &d.Apps[i]
}
