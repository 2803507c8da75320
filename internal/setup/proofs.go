package setup

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// nextCertificate adds the certificate of the file. The display name contains its
// fingerprint, by which it is found again.
func (h holder) nextCertificate(t *Tenant) *write {
	der, err := h.credential.Certificate.Existing()
	if err != nil || len(der) == 0 {
		shows := []Difference{{Property: "keyCredentials", To: "a new certificate"}}
		return &write{action: Create, shows: shows} // prepare has made it before the first request
	}
	sum := sha256.Sum256(der)
	name := h.tag() + " " + hex.EncodeToString(sum[:8])
	keys := h.app(t).KeyCredentials
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
		path:   appsPath + "/" + h.app(t).ID,
		body:   application{KeyCredentials: keys},
		shows:  []Difference{{Property: "keyCredentials", To: "certificate " + hex.EncodeToString(sum[:8])}},
		done: func(t *Tenant, _ []byte) error {
			h.app(t).KeyCredentials = keys
			return nil
		},
	}
}

// federatedAudience is the audience of tokens for Entra
// (learn.microsoft.com/graph/api/resources/federatedidentitycredential).
const federatedAudience = "api://AzureADTokenExchange"

func (h holder) nextFederated(t *Tenant) *write {
	wanted := federatedCredential{
		Name:      h.federatedName(),
		Issuer:    h.credential.Federated.Issuer,
		Subject:   h.credential.Federated.Subject,
		Audiences: []string{federatedAudience},
	}
	path := appsPath + "/" + h.app(t).ID + "/federatedIdentityCredentials"
	shows := []Difference{{Property: "issuer", To: wanted.Issuer}, {Property: "subject", To: wanted.Subject}}
	i := slices.IndexFunc(*h.federated(t), func(f federatedCredential) bool { return f.Name == wanted.Name })
	if i < 0 {
		return creates(path, wanted, shows, func(t *Tenant, created federatedCredential) {
			*h.federated(t) = append(*h.federated(t), created)
		})
	}
	found := (*h.federated(t))[i]
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
			(*h.federated(t))[i] = patch
			return nil
		},
	}
}

// CheckCredential returns a Usage fault if Apply would need a new credential and has no
// place for it. It changes nothing.
func CheckCredential(t *Tenant, w Wanted) error {
	for _, h := range w.withDefaults().holders() {
		if err := h.check(t); err != nil {
			return err
		}
	}
	return nil
}

func (h holder) check(t *Tenant) error {
	switch c := h.credential; {
	case c.Certificate != nil:
		return h.checkCertificate()
	case c.Federated != nil || c.Secret != nil || !h.needsSecret(t):
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "no file is named for the new client secret of " + h.name,
		Fix:  "name a file for the secret, or use a certificate or a federated credential",
	}
}

// checkCertificate returns a fault if the certificate of the file has expired.
func (h holder) checkCertificate() error {
	der, err := h.credential.Certificate.Existing()
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

// needsSecret reports whether the mid-tier has no credential of the setup that is valid.
func (h holder) needsSecret(t *Tenant) bool {
	if h.credential.Secret == nil && h.hasOther(t) {
		return false
	}
	current, lost := h.secrets(t)
	return len(current) == 0 && !slices.ContainsFunc(lost, h.wasWritten)
}

// prepare makes sure that new credentials can be stored, before anything is created.
func (w Wanted) prepare(t *Tenant) error {
	if err := CheckCredential(t, w); err != nil {
		return err
	}
	for _, h := range w.holders() {
		if err := h.prepare(t); err != nil {
			return err
		}
	}
	return nil
}

func (h holder) prepare(t *Tenant) error {
	switch c := h.credential; {
	case c.Certificate != nil:
		der, err := c.Certificate.Existing()
		if err == nil && len(der) == 0 {
			_, err = c.Certificate.Generate()
		}
		return err
	case c.Secret != nil && h.needsSecret(t):
		return c.Secret.Reserve()
	}
	return nil
}
