package setup

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Certificate is a certificate that the mid-tier authenticates with.
type Certificate struct {
	// Existing returns the certificate as DER, or nil if there is none yet.
	Existing func() ([]byte, error)
	// Generate makes the certificate with its key, stores both, and returns the
	// certificate as DER.
	Generate func() ([]byte, error)
}

const (
	credentialID           = "midtier.credential"    //nolint:gosec // the ID of an object
	attributesCredentialID = "attributes.credential" //nolint:gosec // the ID of an object
)

// holder is an application with a credential.
type holder struct {
	Wanted
	name       string
	credential Credential
	// parts returns the application and its federated credentials.
	parts func(t *Tenant) (*application, *[]federatedCredential)
}

// midTierHolder returns the mid-tier, and attributesHolder the application that changes
// custom attributes.
func (w Wanted) midTierHolder() holder {
	return holder{w, w.MidTierName, w.Credential, func(t *Tenant) (*application, *[]federatedCredential) {
		return &t.midTier, &t.federated
	}}
}

func (w Wanted) attributesHolder() holder {
	return holder{w, w.AttributesName, w.AttributesCredential, func(t *Tenant) (*application, *[]federatedCredential) {
		return &t.attributes, &t.attributesFederated
	}}
}

// holders returns the applications that need a credential.
func (w Wanted) holders() []holder {
	all := []holder{w.midTierHolder()}
	if w.Attributes {
		all = append(all, w.attributesHolder())
	}
	return all
}

func (h holder) app(t *Tenant) *application {
	app, _ := h.parts(t)
	return app
}

func (h holder) federated(t *Tenant) *[]federatedCredential {
	_, federated := h.parts(t)
	return federated
}

// object returns how the application authenticates.
func (h holder) object(id, app string) object {
	o := object{
		id:    id,
		needs: []string{app},
		lag:   []int{http.StatusNotFound},
		hand:  "Entra admin center > App registrations > " + h.name + " > Certificates & secrets",
	}
	switch c := h.credential; {
	case c.Certificate != nil:
		o.title, o.next = "certificate of "+h.name, h.nextCertificate
	case c.Federated != nil:
		o.title, o.next = "federated credential of "+h.name, h.nextFederated
	case c.Secret != nil:
		o.title, o.next = "client secret of "+h.name, h.nextSecret
	default:
		o.title, o.next = "credential of "+h.name, h.nextAny
	}
	return o
}

// nextAny accepts a valid credential of any kind that an earlier run has created. If there
// is none, a client secret is wanted.
func (h holder) nextAny(t *Tenant) *write {
	if h.hasOther(t) {
		return nil
	}
	return h.nextSecret(t)
}

// hasOther reports whether the mid-tier has a certificate or a federated credential of the
// setup.
func (h holder) hasOther(t *Tenant) bool {
	return slices.ContainsFunc(h.app(t).KeyCredentials, func(k keyCredential) bool {
		return strings.HasPrefix(k.DisplayName, h.tag()+" ") && !ended(k.EndDateTime)
	}) || slices.ContainsFunc(*h.federated(t), func(f federatedCredential) bool { return f.Name == h.federatedName() })
}

// ended reports whether a credential is no longer valid. The zero time is no end.
func ended(end time.Time) bool { return !end.IsZero() && time.Now().After(end) }

func (w Wanted) federatedName() string { return "profilectl-" + w.Deployment }

// nextSecret returns the next write for the client secret.
//
// A secret can be read only in the response that creates it. So that none is lost, the
// application gets a tag with the ID of each secret once it was written. A secret without
// that tag is one whose run was killed: if its file has it (by the hint, its first
// characters), only the tag was missing; otherwise it is removed, and replaced.
func (h holder) nextSecret(t *Tenant) *write {
	current, lost := h.secrets(t)
	switch {
	case len(lost) > 0 && len(current) == 0 && h.wasWritten(lost[0]):
		return h.recordSecret(t, lost[0])
	case len(lost) > 0:
		return h.removeSecret(t, lost[0])
	case len(current) > 0:
		return nil
	}
	return h.addSecret(t)
}

// secrets returns the valid secrets of the setup, and those that may never have been
// written.
func (h holder) secrets(t *Tenant) (current, lost []passwordCredential) {
	for _, p := range h.app(t).PasswordCredentials {
		switch {
		case p.DisplayName != h.tag():
		case !slices.Contains(h.app(t).Tags, h.secretPrefix()+p.KeyID):
			lost = append(lost, p)
		case !ended(p.EndDateTime):
			current = append(current, p)
		}
	}
	return current, lost
}

// secretExpires returns when the valid secret of the setup ends. There is only one, because
// the next is created after its end.
func (h holder) secretExpires(t *Tenant) (end time.Time) {
	if h.credential.Certificate != nil || h.credential.Federated != nil {
		return end
	}
	if current, _ := h.secrets(t); len(current) > 0 {
		end = current[0].EndDateTime
	}
	return end
}

// wasWritten reports whether an earlier run or this one stored the secret.
func (h holder) wasWritten(p passwordCredential) bool {
	if h.credential.Secret == nil || p.Hint == "" {
		return false
	}
	written, err := h.credential.Secret.Written()
	return err == nil && strings.HasPrefix(written, p.Hint)
}

func (h holder) addSecret(t *Tenant) *write {
	const usual = 180 * 24 * time.Hour
	var lifetime time.Duration
	if h.credential.Secret != nil {
		lifetime = h.credential.Secret.Lifetime
	}
	end := time.Now().UTC().Add(cmp.Or(lifetime, usual)).Truncate(time.Second)
	wanted := passwordCredential{DisplayName: h.tag(), EndDateTime: end}
	return &write{
		action: Create,
		method: http.MethodPost,
		path:   appsPath + "/" + h.app(t).ID + "/addPassword",
		body:   map[string]any{"passwordCredential": wanted},
		shows:  []Difference{{Property: "endDateTime", To: end.Format(time.DateOnly)}},
		done: func(t *Tenant, answer []byte) error {
			var created passwordCredential
			if err := json.Unmarshal(answer, &created); err != nil {
				return fmt.Errorf("read response: %w", err)
			}
			if err := h.credential.Secret.Write(created.SecretText); err != nil {
				return err
			}
			const shown = 3 // characters, as Graph has it
			created.Hint = created.SecretText[:min(shown, len(created.SecretText))]
			created.SecretText = ""
			h.app(t).PasswordCredentials = append(h.app(t).PasswordCredentials, created)
			return nil
		},
	}
}

// recordSecret adds the tag that says that a secret was written, and drops those of
// secrets that are gone.
func (h holder) recordSecret(t *Tenant, p passwordCredential) *write {
	tags := slices.DeleteFunc(slices.Clone(h.app(t).Tags), func(tag string) bool {
		return strings.HasPrefix(tag, h.secretPrefix())
	})
	tags = append(tags, h.secretPrefix()+p.KeyID)
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   appsPath + "/" + h.app(t).ID,
		body:   application{Tags: tags},
		shows:  []Difference{{Property: "tags", From: "", To: "the secret was written"}},
		done: func(t *Tenant, _ []byte) error {
			h.app(t).Tags = tags
			return nil
		},
	}
}

// removeSecret removes a secret that no one has.
func (h holder) removeSecret(t *Tenant, p passwordCredential) *write {
	return &write{
		action: Change,
		method: http.MethodPost,
		path:   appsPath + "/" + h.app(t).ID + "/removePassword",
		body:   map[string]string{"keyId": p.KeyID},
		shows:  []Difference{{Property: "passwordCredentials", From: "a secret that was never written", To: "removed"}},
		done: func(t *Tenant, _ []byte) error {
			h.app(t).PasswordCredentials = slices.DeleteFunc(slices.Clone(h.app(t).PasswordCredentials),
				func(q passwordCredential) bool { return q.KeyID == p.KeyID })
			return nil
		},
	}
}
