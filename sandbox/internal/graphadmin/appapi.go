package graphadmin

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

const (
	certificateType  = "AsymmetricX509Cert"
	certificateUsage = "Verify"
)

// keyBody is a certificate in a request. One without a key keeps the certificate that has
// its keyId.
type keyBody struct {
	ID    string     `json:"keyId"`
	Name  string     `json:"displayName"`
	Type  string     `json:"type"`
	Usage string     `json:"usage"`
	Key   []byte     `json:"key"`
	Start *time.Time `json:"startDateTime"`
	End   *time.Time `json:"endDateTime"`
	// CustomKeyIdentifier is computed from the certificate.
	CustomKeyIdentifier *string `json:"customKeyIdentifier"`
}

// applyAPI sets what the app exposes as an API.
func (c appChange) applyAPI(_ *directory.State, app *directory.App) *odata.Error {
	if c.body.API == nil {
		return nil
	}
	set(&app.TokenVersion, c.body.API.Version)
	if c.body.API.Scopes == nil {
		return nil
	}
	next, e := scopes(c.body.API.Scopes)
	if e != nil {
		return e
	}
	for _, old := range app.Scopes {
		kept := slices.ContainsFunc(next, func(s directory.Scope) bool { return strings.EqualFold(s.ID, old.ID) })
		if !kept && !old.Disabled {
			return odata.Rejected("Permission (scope or role) cannot be deleted or updated unless disabled first.").
				About("CannotDeleteOrUpdateEnabledEntitlement", "api/oauth2PermissionScopes").
				Because("the scope %s is enabled: disable it in one request and remove it in the next", old.Value)
		}
	}
	app.Scopes = next
	return nil
}

func scopes(bodies []scopeBody) (all []directory.Scope, e *odata.Error) {
	const target, maxValue = "api/oauth2PermissionScopes", 120
	for _, b := range bodies {
		switch {
		case !sts.IsGUID(b.ID):
			return nil, invalidValue(target).Because("the id of a scope must be a GUID")
		case b.Value == "" || len(b.Value) > maxValue || strings.ContainsAny(b.Value, " /\\\"'<>"):
			return nil, invalidValue(target).Because("%q is not the name of a scope", b.Value)
		case b.Type != "Admin" && b.Type != "User":
			return nil, invalidValue(target).Because("the type of a scope is Admin or User")
		case b.AdminName == "" || b.AdminDescription == "":
			return nil, invalidValue(target).
				Because("a scope needs an adminConsentDisplayName and an adminConsentDescription")
		}
		duplicate := slices.ContainsFunc(all, func(s directory.Scope) bool {
			return strings.EqualFold(s.ID, b.ID) || strings.EqualFold(s.Value, b.Value)
		})
		if duplicate {
			return nil, odata.Rejected("Request contains a property with duplicate values.").
				About("DuplicateValue", target)
		}
		all = append(all, directory.Scope{
			ID:                      b.ID,
			Value:                   b.Value,
			Admin:                   b.Type == "Admin",
			Disabled:                b.Enabled != nil && !*b.Enabled,
			AdminConsentName:        b.AdminName,
			AdminConsentDescription: b.AdminDescription,
			UserConsentName:         b.UserName,
			UserConsentDescription:  b.UserDescription,
		})
	}
	return all, nil
}

// applyKeys replaces the certificates.
func (c appChange) applyKeys(_ *directory.State, app *directory.App) *odata.Error {
	if !c.sent["keyCredentials"] {
		return nil
	}
	var next []directory.Certificate
	for _, key := range c.body.Keys {
		certificate, e := key.certificate(app)
		if e != nil {
			return e
		}
		next = append(next, certificate)
	}
	app.Certificates = next
	return nil
}

func (b keyBody) certificate(app *directory.App) (directory.Certificate, *odata.Error) {
	known := func(c directory.Certificate) bool { return strings.EqualFold(c.ID, b.ID) }
	if i := slices.IndexFunc(app.Certificates, known); i >= 0 && len(b.Key) == 0 {
		return app.Certificates[i], nil
	}
	if b.Type != certificateType || b.Usage != certificateUsage {
		return directory.Certificate{}, invalidValue("keyCredentials").
			Because("the tenant supports the type %s and the usage %s", certificateType, certificateUsage)
	}
	if _, err := x509.ParseCertificate(b.Key); err != nil {
		return directory.Certificate{}, odata.Rejected("Key value is invalid certificate.").
			About("KeyNotValid", "keyCredentials").Because("the key is not a certificate in DER, in base64: %v", err)
	}
	id := b.ID
	if !sts.IsGUID(id) {
		id = directory.NewID()
	}
	block := pem.Block{Type: "CERTIFICATE", Bytes: b.Key}
	return directory.Certificate{ID: id, Name: b.Name, PEM: string(pem.EncodeToMemory(&block))}, nil
}
