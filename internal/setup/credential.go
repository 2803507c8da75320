package setup

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
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
	case c.Secret != nil:
		o.title, o.next = "client secret of "+w.MidTierName, w.nextSecret
	default:
		o.title, o.next = "credential of "+w.MidTierName, w.nextAny
	}
	return o
}

// nextAny accepts a valid credential of any kind that an earlier run has created. If there
// is none, a client secret is wanted.
func (w Wanted) nextAny(t *Tenant) *write {
	if w.hasOther(t) {
		return nil
	}
	return w.nextSecret(t)
}

// hasOther reports whether the mid-tier has a certificate or a federated credential of the
// set-up.
func (w Wanted) hasOther(t *Tenant) bool {
	return slices.ContainsFunc(t.midTier.KeyCredentials, func(k keyCredential) bool {
		return strings.HasPrefix(k.DisplayName, w.tag()+" ") && !ended(k.EndDateTime)
	}) || slices.ContainsFunc(t.federated, func(f federatedCredential) bool { return f.Name == w.federatedName() })
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
		case !ended(p.EndDateTime):
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
	if i := slices.IndexFunc(keys, func(k keyCredential) bool { return k.DisplayName == name }); i >= 0 {
		if !ended(keys[i].EndDateTime) {
			return nil
		}
		day := keys[i].EndDateTime.Format(time.DateOnly)
		shows := []Difference{{Property: "keyCredentials", From: "expired on " + day, To: "a new certificate"}}
		return &write{action: Change, shows: shows} // prepare fails before it is sent
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
		Name:      w.federatedName(),
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
	shows = slices.DeleteFunc(shows, func(d Difference) bool { return d.From == d.To })
	if !slices.Equal(found.Audiences, wanted.Audiences) {
		shows = append(shows, Difference{"audiences", strings.Join(found.Audiences, " "), federatedAudience})
	}
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

// CheckCredential returns a Usage fault if Apply would need a new credential and has no
// place for it. It changes nothing.
func CheckCredential(t *Tenant, w Wanted) error {
	w = w.withDefaults()
	switch c := w.Credential; {
	case c.Certificate != nil:
		return w.checkCertificate()
	case c.Federated != nil || c.Secret != nil || !w.needsSecret(t):
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "there is no place for the new client secret",
		Fix:  "name a file for the secret, or use a certificate or a federated credential",
	}
}

// checkCertificate returns a fault if the certificate of the file has expired.
func (w Wanted) checkCertificate() error {
	der, err := w.Credential.Certificate.Existing()
	if err != nil || len(der) == 0 {
		return err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil || !ended(certificate.NotAfter) {
		return err
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "the certificate of the file expired on " + certificate.NotAfter.Format(time.DateOnly),
		Fix:  "replace the file, or move it away so that a new certificate is made",
	}
}

// needsSecret reports whether the mid-tier has no credential of the set-up that is valid.
func (w Wanted) needsSecret(t *Tenant) bool {
	if w.Credential.Secret == nil && w.hasOther(t) {
		return false
	}
	current, lost := w.secrets(t)
	return len(current) == 0 && !slices.ContainsFunc(lost, w.wasWritten)
}

// prepare makes sure that a new credential can be stored, before anything is created.
func (w Wanted) prepare(t *Tenant) error {
	if err := CheckCredential(t, w); err != nil {
		return err
	}
	switch c := w.Credential; {
	case c.Certificate != nil:
		der, err := c.Certificate.Existing()
		if err == nil && len(der) == 0 {
			_, err = c.Certificate.Generate()
		}
		return err
	case c.Secret != nil && w.needsSecret(t):
		return c.Secret.Reserve()
	}
	return nil
}
