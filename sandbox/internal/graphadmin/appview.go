package graphadmin

import (
	"crypto/sha1" //nolint:gosec // customKeyIdentifier is the SHA-1 thumbprint of a certificate
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// appObject returns an application as Graph shows it (learn.microsoft.com, "application
// resource type"). The values of secrets are never shown.
func appObject(d *directory.State, a directory.App) odata.Object {
	var fallback, version any
	if a.FallbackPublic {
		fallback = true
	}
	if a.TokenVersion != 0 {
		version = a.TokenVersion
	}
	return odata.Object{
		"id":                        a.ObjectID,
		"appId":                     a.ID,
		"displayName":               a.Name,
		"notes":                     orNull(a.Notes),
		"tags":                      orEmpty(a.Tags),
		"createdDateTime":           timestamp(a.Created),
		"deletedDateTime":           nil,
		"description":               nil,
		"publisherDomain":           d.Domain(),
		"signInAudience":            singleTenant,
		"identifierUris":            orEmpty(a.IdentifierURIs),
		"isFallbackPublicClient":    fallback,
		"groupMembershipClaims":     nil,
		"disabledByMicrosoftStatus": nil,
		"appRoles":                  []any{},
		"addIns":                    []any{},
		"api": odata.Object{
			"requestedAccessTokenVersion": version,
			"acceptMappedClaims":          nil,
			"knownClientApplications":     []any{},
			"preAuthorizedApplications":   []any{},
			"oauth2PermissionScopes":      scopeObjects(a.Scopes),
		},
		"publicClient": odata.Object{"redirectUris": orEmpty(a.PublicRedirectURIs)},
		"spa":          odata.Object{"redirectUris": orEmpty(a.SPARedirectURIs)},
		"web": odata.Object{
			"homePageUrl":  nil,
			"logoutUrl":    orNull(a.LogoutURL),
			"redirectUris": orEmpty(a.RedirectURIs),
			"implicitGrantSettings": odata.Object{
				"enableIdTokenIssuance":     false,
				"enableAccessTokenIssuance": false,
			},
		},
		"optionalClaims":         optionalClaims(a),
		"requiredResourceAccess": requiredAccess(a.Required),
		"passwordCredentials":    passwordObjects(a.Secrets),
		"keyCredentials":         keyObjects(a.Certificates),
	}
}

const singleTenant = "AzureADMyOrg"

func scopeObjects(scopes []directory.Scope) []odata.Object {
	all := []odata.Object{}
	for _, s := range scopes {
		kind := "User"
		if s.Admin {
			kind = "Admin"
		}
		all = append(all, odata.Object{
			"id":                      s.ID,
			"value":                   s.Value,
			"type":                    kind,
			"isEnabled":               !s.Disabled,
			"adminConsentDisplayName": s.AdminConsentName,
			"adminConsentDescription": s.AdminConsentDescription,
			"userConsentDisplayName":  orNull(s.UserConsentName),
			"userConsentDescription":  orNull(s.UserConsentDescription),
		})
	}
	return all
}

func optionalClaims(a directory.App) any {
	if len(a.OptionalClaims)+len(a.IDTokenClaims) == 0 {
		return nil
	}
	claims := func(names []string) []odata.Object {
		all := []odata.Object{}
		for _, name := range names {
			all = append(all, odata.Object{
				"name":                 name,
				"source":               nil,
				"essential":            false,
				"additionalProperties": []any{},
			})
		}
		return all
	}
	return odata.Object{
		"accessToken": claims(a.OptionalClaims),
		"idToken":     claims(a.IDTokenClaims),
		"saml2Token":  []any{},
	}
}

func requiredAccess(required []directory.RequiredAccess) []odata.Object {
	all := []odata.Object{}
	for _, r := range required {
		permissions := []odata.Object{}
		for _, p := range r.Permissions {
			permissions = append(permissions, odata.Object{"id": p.ID, "type": p.Type})
		}
		all = append(all, odata.Object{"resourceAppId": r.API, "resourceAccess": permissions})
	}
	return all
}

func passwordObjects(secrets []directory.Secret) []odata.Object {
	all := []odata.Object{}
	for _, s := range secrets {
		all = append(all, passwordObject(s, nil))
	}
	return all
}

// passwordObject returns a client secret. Its text is null but in the response to
// addPassword.
func passwordObject(s directory.Secret, text any) odata.Object {
	const hint = 3
	return odata.Object{
		"keyId":               s.ID,
		"displayName":         orNull(s.Name),
		"hint":                s.Value[:min(hint, len(s.Value))],
		"secretText":          text,
		"startDateTime":       timestamp(s.Start),
		"endDateTime":         timestamp(s.End),
		"customKeyIdentifier": nil,
	}
}

func keyObjects(certificates []directory.Certificate) []odata.Object {
	all := []odata.Object{}
	for _, c := range certificates {
		block, _ := pem.Decode([]byte(c.PEM))
		if block == nil {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		thumbprint := sha1.Sum(block.Bytes) //nolint:gosec // see the import
		all = append(all, odata.Object{
			"keyId":               c.ID,
			"displayName":         orNull(c.Name),
			"type":                certificateType,
			"usage":               certificateUsage,
			"key":                 nil,
			"startDateTime":       timestamp(parsed.NotBefore),
			"endDateTime":         timestamp(parsed.NotAfter),
			"customKeyIdentifier": base64.StdEncoding.EncodeToString(thumbprint[:]),
		})
	}
	return all
}

// orEmpty returns a list that is never null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
