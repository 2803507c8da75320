package setup

import "time"

// The parts of Microsoft Graph's resources that a setup uses. Their members are those of
// the resource pages (learn.microsoft.com/graph/api/resources).

type application struct {
	ID                     string               `json:"id,omitempty"`
	AppID                  string               `json:"appId,omitempty"`
	DisplayName            string               `json:"displayName,omitempty"`
	Tags                   []string             `json:"tags,omitempty"`
	SignInAudience         string               `json:"signInAudience,omitempty"`
	IdentifierURIs         []string             `json:"identifierUris,omitempty"`
	API                    *apiSettings         `json:"api,omitempty"`
	OptionalClaims         *optionalClaims      `json:"optionalClaims,omitempty"`
	IsFallbackPublicClient *bool                `json:"isFallbackPublicClient,omitempty"`
	PublicClient           *redirects           `json:"publicClient,omitempty"`
	RequiredResourceAccess []resourceAccess     `json:"requiredResourceAccess,omitempty"`
	PasswordCredentials    []passwordCredential `json:"passwordCredentials,omitempty"`
	KeyCredentials         []keyCredential      `json:"keyCredentials,omitempty"`
}

type apiSettings struct {
	RequestedAccessTokenVersion *int              `json:"requestedAccessTokenVersion,omitempty"`
	Scopes                      []permissionScope `json:"oauth2PermissionScopes,omitempty"`
}

type permissionScope struct {
	ID                      string `json:"id"`
	Value                   string `json:"value"`
	Type                    string `json:"type"`
	IsEnabled               bool   `json:"isEnabled"`
	AdminConsentDisplayName string `json:"adminConsentDisplayName"`
	AdminConsentDescription string `json:"adminConsentDescription"`
}

type optionalClaims struct {
	IDToken     []optionalClaim `json:"idToken,omitempty"`
	AccessToken []optionalClaim `json:"accessToken"`
	SAML2Token  []optionalClaim `json:"saml2Token,omitempty"`
}

type optionalClaim struct {
	Name                 string   `json:"name"`
	Source               string   `json:"source,omitempty"`
	Essential            bool     `json:"essential"`
	AdditionalProperties []string `json:"additionalProperties,omitempty"`
}

type redirects struct {
	RedirectURIs []string `json:"redirectUris"`
}

type resourceAccess struct {
	ResourceAppID string   `json:"resourceAppId"`
	Access        []access `json:"resourceAccess"`
}

type access struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type passwordCredential struct {
	KeyID       string    `json:"keyId,omitempty"`
	DisplayName string    `json:"displayName,omitempty"`
	Hint        string    `json:"hint,omitempty"` // the first characters of the secret
	EndDateTime time.Time `json:"endDateTime,omitzero"`
	SecretText  string    `json:"secretText,omitempty"` // only in the response that creates it
}

type keyCredential struct {
	KeyID               string    `json:"keyId,omitempty"`
	DisplayName         string    `json:"displayName,omitempty"`
	Type                string    `json:"type"`
	Usage               string    `json:"usage"`
	Key                 string    `json:"key,omitempty"`                 // DER in base64
	CustomKeyIdentifier string    `json:"customKeyIdentifier,omitempty"` // SHA-1 thumbprint
	StartDateTime       time.Time `json:"startDateTime,omitzero"`
	EndDateTime         time.Time `json:"endDateTime,omitzero"`
}

type federatedCredential struct {
	ID        string   `json:"id,omitempty"`
	Name      string   `json:"name,omitempty"`
	Issuer    string   `json:"issuer"`
	Subject   string   `json:"subject"`
	Audiences []string `json:"audiences"`
}

type servicePrincipal struct {
	ID      string            `json:"id,omitempty"`
	AppID   string            `json:"appId"`
	Tags    []string          `json:"tags,omitempty"`
	Enabled *bool             `json:"accountEnabled,omitempty"`
	Scopes  []permissionScope `json:"oauth2PermissionScopes,omitempty"`
}

type grant struct {
	ID          string `json:"id,omitempty"`
	ClientID    string `json:"clientId"`
	ConsentType string `json:"consentType"`
	ResourceID  string `json:"resourceId"`
	Scope       string `json:"scope"`
}

type roleAssignment struct {
	ID          string `json:"id,omitempty"`
	PrincipalID string `json:"principalId"`
	ResourceID  string `json:"resourceId"`
	RoleID      string `json:"appRoleId"`
}

type emailMethod struct {
	Type  string `json:"@odata.type,omitempty"`
	State string `json:"state"`
}

type policy struct {
	ID          string `json:"id,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	State       string `json:"state,omitempty"`
	// Conditions are kept whole, because a change replaces all of them.
	Conditions    map[string]any `json:"conditions,omitempty"`
	GrantControls *grantControls `json:"grantControls,omitempty"`
}

type grantControls struct {
	Operator string   `json:"operator"`
	BuiltIn  []string `json:"builtInControls"`
}

type authContext struct {
	ID          string `json:"id,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	Description string `json:"description,omitempty"`
	IsAvailable bool   `json:"isAvailable"`
}

type userFlow struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
}

type linkedApp struct {
	Type  string `json:"@odata.type,omitempty"`
	AppID string `json:"appId"`
}
