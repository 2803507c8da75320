package setup

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// Certificate is a certificate that the mid-tier authenticates with.
type Certificate struct {
	// Existing returns the certificate as DER, or nil if there is none yet.
	Existing func() ([]byte, error)
	// Generate makes the certificate with its key, stores both, and returns the
	// certificate as DER.
	Generate func() ([]byte, error)
}

const credentialID = "midtier.credential" //nolint:gosec // the ID of an object

// credential returns how the mid-tier authenticates.
func (w Wanted) credential() object {
	o := object{
		id:    credentialID,
		needs: []string{"midtier.app"},
		lag:   []int{http.StatusNotFound},
		hand:  "Entra admin center > App registrations > " + w.MidTierName + " > Certificates & secrets",
	}
	switch c := w.Credential; {
	case c.Certificate != nil:
		o.title, o.next = "certificate of "+w.MidTierName, w.nextCertificate
	case c.Federated != nil:
		o.title, o.next = "federated credential of "+w.MidTierName, w.nextFederated
	default:
		o.title, o.next = "client secret of "+w.MidTierName, w.nextSecret
	}
	return o
}

// nextSecret returns the next write for the client secret.
//
// A secret can be read only in the response that creates it. So that none is lost, the
// application gets a tag with the ID of each secret once it was written. A secret without
// that tag is one whose run was killed: if its file has it (by the hint, its first
// characters), only the tag was missing; otherwise it is removed, and replaced.
func (w Wanted) nextSecret(t *Tenant) *write {
	current, lost := w.secrets(t)
	switch {
	case len(lost) > 0 && len(current) == 0 && w.wasWritten(lost[0]):
		return w.recordSecret(t, lost[0])
	case len(lost) > 0:
		return removeSecret(t, lost[0])
	case len(current) > 0:
		return nil
	}
	return w.addSecret(t)
}

// secrets returns the valid secrets of the set-up, and those that may never have been
// written.
func (w Wanted) secrets(t *Tenant) (current, lost []passwordCredential) {
	for _, p := range t.midTier.PasswordCredentials {
		switch {
		case p.DisplayName != w.tag():
		case !slices.Contains(t.midTier.Tags, w.secretPrefix()+p.KeyID):
			lost = append(lost, p)
		case p.EndDateTime.IsZero() || time.Now().Before(p.EndDateTime):
			current = append(current, p)
		}
	}
	return current, lost
}

// wasWritten reports whether an earlier run or this one stored the secret.
func (w Wanted) wasWritten(p passwordCredential) bool {
	if w.Credential.Secret == nil || p.Hint == "" {
		return false
	}
	written, err := w.Credential.Secret.Written()
	return err == nil && strings.HasPrefix(written, p.Hint)
}

func (w Wanted) addSecret(t *Tenant) *write {
	const usual = 180 * 24 * time.Hour
	var lifetime time.Duration
	if w.Credential.Secret != nil {
		lifetime = w.Credential.Secret.Lifetime
	}
	end := time.Now().UTC().Add(cmp.Or(lifetime, usual)).Truncate(time.Second)
	wanted := passwordCredential{DisplayName: w.tag(), EndDateTime: end}
	return &write{
		action: Create,
		method: http.MethodPost,
		path:   appsPath + "/" + t.midTier.ID + "/addPassword",
		body:   map[string]any{"passwordCredential": wanted},
		shows:  []Difference{{Property: "endDateTime", To: end.Format(time.DateOnly)}},
		done: func(t *Tenant, answer []byte) error {
			var created passwordCredential
			if err := json.Unmarshal(answer, &created); err != nil {
				return fmt.Errorf("read response: %w", err)
			}
			if err := w.Credential.Secret.Write(created.SecretText); err != nil {
				return err
			}
			const shown = 3 // characters, as Graph has it
			created.Hint = created.SecretText[:min(shown, len(created.SecretText))]
			created.SecretText = ""
			t.midTier.PasswordCredentials = append(t.midTier.PasswordCredentials, created)
			return nil
		},
	}
}

// recordSecret adds the tag that says that a secret was written, and drops those of
// secrets that are gone.
func (w Wanted) recordSecret(t *Tenant, p passwordCredential) *write {
	tags := slices.DeleteFunc(slices.Clone(t.midTier.Tags), func(tag string) bool {
		return strings.HasPrefix(tag, w.secretPrefix())
	})
	tags = append(tags, w.secretPrefix()+p.KeyID)
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   appsPath + "/" + t.midTier.ID,
		body:   application{Tags: tags},
		shows:  []Difference{{Property: "tags", From: "", To: "the secret was written"}},
		done: func(t *Tenant, _ []byte) error {
			t.midTier.Tags = tags
			return nil
		},
	}
}

// removeSecret removes a secret that no one has.
func removeSecret(t *Tenant, p passwordCredential) *write {
	return &write{
		action: Change,
		method: http.MethodPost,
		path:   appsPath + "/" + t.midTier.ID + "/removePassword",
		body:   map[string]string{"keyId": p.KeyID},
		shows:  []Difference{{Property: "passwordCredentials", From: "a secret that was never written", To: "removed"}},
		done: func(t *Tenant, _ []byte) error {
			t.midTier.PasswordCredentials = slices.DeleteFunc(slices.Clone(t.midTier.PasswordCredentials),
				func(q passwordCredential) bool { return q.KeyID == p.KeyID })
			return nil
		},
	}
}

// nextCertificate adds the certificate of the file. The display name contains its
// fingerprint, by which it is found again.
func (w Wanted) nextCertificate(t *Tenant) *write {
	der, err := w.Credential.Certificate.Existing()
	if err != nil || len(der) == 0 {
		shows := []Difference{{Property: "keyCredentials", To: "a new certificate"}}
		return &write{action: Create, shows: shows} // prepare has made it before the first request
	}
	sum := sha256.Sum256(der)
	name := w.tag() + " " + hex.EncodeToString(sum[:8])
	keys := t.midTier.KeyCredentials
	if slices.ContainsFunc(keys, func(k keyCredential) bool { return k.DisplayName == name }) {
		return nil
	}
	keys = append(slices.Clone(keys), keyCredential{
		DisplayName: name,
		Type:        "AsymmetricX509Cert",
		Usage:       "Verify",
		Key:         base64.StdEncoding.EncodeToString(der),
	})
	return &write{
		action: Create,
		method: http.MethodPatch,
		path:   appsPath + "/" + t.midTier.ID,
		body:   application{KeyCredentials: keys},
		shows:  []Difference{{Property: "keyCredentials", To: "certificate " + hex.EncodeToString(sum[:8])}},
		done: func(t *Tenant, _ []byte) error {
			t.midTier.KeyCredentials = keys
			return nil
		},
	}
}

// federatedAudience is the audience of tokens for Entra
// (learn.microsoft.com/graph/api/resources/federatedidentitycredential).
const federatedAudience = "api://AzureADTokenExchange"

func (w Wanted) nextFederated(t *Tenant) *write {
	wanted := federatedCredential{
		Name:      "profilectl-" + w.Deployment,
		Issuer:    w.Credential.Federated.Issuer,
		Subject:   w.Credential.Federated.Subject,
		Audiences: []string{federatedAudience},
	}
	path := appsPath + "/" + t.midTier.ID + "/federatedIdentityCredentials"
	shows := []Difference{{Property: "issuer", To: wanted.Issuer}, {Property: "subject", To: wanted.Subject}}
	i := slices.IndexFunc(t.federated, func(f federatedCredential) bool { return f.Name == wanted.Name })
	if i < 0 {
		return creates(path, wanted, shows, func(t *Tenant, created federatedCredential) {
			t.federated = append(t.federated, created)
		})
	}
	found := t.federated[i]
	if found.Issuer == wanted.Issuer && found.Subject == wanted.Subject &&
		slices.Equal(found.Audiences, wanted.Audiences) {
		return nil
	}
	shows[0].From, shows[1].From = found.Issuer, found.Subject
	patch := federatedCredential{Issuer: wanted.Issuer, Subject: wanted.Subject, Audiences: wanted.Audiences}
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   path + "/" + found.ID,
		body:   patch,
		shows:  shows,
		done: func(t *Tenant, _ []byte) error {
			patch.ID, patch.Name = found.ID, found.Name
			t.federated[i] = patch
			return nil
		},
	}
}

// prepare makes sure that a new credential can be stored, before anything is created.
func (w Wanted) prepare(t *Tenant) error {
	switch c := w.Credential; {
	case c.Certificate != nil:
		der, err := c.Certificate.Existing()
		if err == nil && len(der) == 0 {
			_, err = c.Certificate.Generate()
		}
		return err
	case c.Federated != nil:
		return nil
	}
	current, lost := w.secrets(t)
	if len(current) > 0 || slices.ContainsFunc(lost, w.wasWritten) {
		return nil
	}
	if w.Credential.Secret == nil {
		return &fault.Error{
			Kind: fault.Usage,
			What: "there is no place for the new client secret",
			Fix:  "name a file for the secret, or use a certificate or a federated credential",
		}
	}
	return w.Credential.Secret.Reserve()
}
