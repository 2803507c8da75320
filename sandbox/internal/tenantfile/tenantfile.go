// Package tenantfile reads and writes tenants as YAML. A file holds users, apps and
// policies, and it can hold the rest of a tenant: its ids and its keys. What Encode
// writes, Parse reads back without loss.
//
// The package checks the form of a file: the names and types of its fields. Its
// caller checks the values, and gets the place of a value in the file from
// File.Invalid.
package tenantfile

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// File is the content of a file. Nil slices and pointers and zero values are absent
// from the file.
type File struct {
	Tenant   *Tenant // nil unless the file describes a whole tenant
	Users    []User
	Apps     []App
	Policies []Policy
	// Attributes are custom attributes to add. An export has them in Objects.
	Attributes []Attribute
	Policy     *bool  // whether the seeded policy is on
	Objects    string // what administrators manage through Graph, as JSON
	Keys       *Keys

	root *yaml.Node // of a file that was parsed
}

// Tenant identifies a tenant.
type Tenant struct {
	ID        string
	Subdomain string
	MidTier   string // client id of the API that edits profiles
}

// User is a customer account.
type User struct {
	ID              string
	Email           string
	Password        string // in plain text, of an account to add
	PasswordHash    string
	Name            string // short for the property displayName
	MFA             bool
	Work            bool     // an account of the organization instead of a customer's
	Roles           []string // directory roles: names, or ids of their templates
	Created         time.Time
	SignedOutBefore time.Time // earlier sign-ins have ended
	PasswordChanged time.Time // earlier sign-ins at public clients have ended
	Profile         map[string]*string
}

// App is an app registration.
type App struct {
	ID              string
	Name            string
	Public          bool
	Secret          string
	RedirectURIs    []string
	SPARedirectURIs []string
	LogoutURL       string
	AppIDURI        string
	Scopes          []string
	TokenVersion    int
	Permissions     []string
	AppRoles        []string // application permissions of Microsoft Graph
	OptionalClaims  []string // of access tokens for the API
	IDTokenClaims   []string // of ID tokens for the client
	Certificates    []string // PEM
	Workloads       []Workload
}

// Workload is a federated credential of an app.
type Workload struct {
	Issuer  string
	Subject string
	Key     string // PEM
}

// Policy is a Conditional Access policy.
type Policy struct {
	ID       string
	Name     string
	On       *bool // nil is on
	APIs     []string
	Contexts []string
}

// Attribute is a custom attribute of users, as sandbox/control describes it.
type Attribute struct {
	Property    string
	Name        string
	Label       string
	Type        string
	Description string
	Input       string
	Required    bool
	Pattern     string
	Options     []Option
}

// Option is a choice that a sign-up page offers.
type Option struct{ Value, Label string }

// Keys are what a tenant signs and seals with, and the sign-ins whose refresh tokens
// it sealed.
type Keys struct {
	Signing []SigningKey
	Seal    []byte
	Mailbox string
	SignIns []SignIn
}

// SigningKey is a key pair.
type SigningKey struct {
	ID  string
	Key string // PEM
}

// SignIn is a sign-in with refresh tokens.
type SignIn struct {
	ID         string
	User       string // object id
	Generation int
	Revoked    bool
	Expires    time.Time
}

func (f *File) fields() []field {
	return []field{
		{"tenant", object(&f.Tenant, (*Tenant).fields)},
		{"users", list(&f.Users, (*User).fields)},
		{"apps", list(&f.Apps, (*App).fields)},
		{"policies", list(&f.Policies, (*Policy).fields)},
		{"attributes", list(&f.Attributes, (*Attribute).fields)},
		{"policy", switchValue{&f.Policy}},
		{"objects", (*textValue)(&f.Objects)},
		{"keys", object(&f.Keys, (*Keys).fields)},
	}
}

func (t *Tenant) fields() []field {
	return []field{
		{"id", (*textValue)(&t.ID)},
		{"subdomain", (*textValue)(&t.Subdomain)},
		{"midTier", (*textValue)(&t.MidTier)},
	}
}

func (u *User) fields() []field {
	return []field{
		{"id", (*textValue)(&u.ID)},
		{"email", (*textValue)(&u.Email)},
		{"password", (*textValue)(&u.Password)},
		{"passwordHash", (*textValue)(&u.PasswordHash)},
		{"name", (*textValue)(&u.Name)},
		{"mfa", (*flagValue)(&u.MFA)},
		{"work", (*flagValue)(&u.Work)},
		{"roles", (*textsValue)(&u.Roles)},
		{"created", (*timeValue)(&u.Created)},
		{"signedOutBefore", (*timeValue)(&u.SignedOutBefore)},
		{"passwordChanged", (*timeValue)(&u.PasswordChanged)},
		{"profile", (*propertiesValue)(&u.Profile)},
	}
}

func (a *App) fields() []field {
	return []field{
		{"id", (*textValue)(&a.ID)},
		{"name", (*textValue)(&a.Name)},
		{"public", (*flagValue)(&a.Public)},
		{"secret", (*textValue)(&a.Secret)},
		{"redirectUris", (*textsValue)(&a.RedirectURIs)},
		{"spaRedirectUris", (*textsValue)(&a.SPARedirectURIs)},
		{"logoutUrl", (*textValue)(&a.LogoutURL)},
		{"appIdUri", (*textValue)(&a.AppIDURI)},
		{"scopes", (*textsValue)(&a.Scopes)},
		{"tokenVersion", (*numberValue)(&a.TokenVersion)},
		{"permissions", (*textsValue)(&a.Permissions)},
		{"appRoles", (*textsValue)(&a.AppRoles)},
		{"optionalClaims", (*textsValue)(&a.OptionalClaims)},
		{"idTokenClaims", (*textsValue)(&a.IDTokenClaims)},
		{"certificates", (*textsValue)(&a.Certificates)},
		{"workloads", list(&a.Workloads, (*Workload).fields)},
	}
}

func (w *Workload) fields() []field {
	return []field{
		{"issuer", (*textValue)(&w.Issuer)},
		{"subject", (*textValue)(&w.Subject)},
		{"key", (*textValue)(&w.Key)},
	}
}

func (p *Policy) fields() []field {
	return []field{
		{"id", (*textValue)(&p.ID)},
		{"name", (*textValue)(&p.Name)},
		{"on", switchValue{&p.On}},
		{"apis", (*textsValue)(&p.APIs)},
		{"contexts", (*textsValue)(&p.Contexts)},
	}
}

func (a *Attribute) fields() []field {
	return []field{
		{"property", (*textValue)(&a.Property)},
		{"name", (*textValue)(&a.Name)},
		{"label", (*textValue)(&a.Label)},
		{"type", (*textValue)(&a.Type)},
		{"description", (*textValue)(&a.Description)},
		{"input", (*textValue)(&a.Input)},
		{"required", (*flagValue)(&a.Required)},
		{"pattern", (*textValue)(&a.Pattern)},
		{"options", list(&a.Options, (*Option).fields)},
	}
}

func (o *Option) fields() []field {
	return []field{
		{"value", (*textValue)(&o.Value)},
		{"label", (*textValue)(&o.Label)},
	}
}

func (k *Keys) fields() []field {
	return []field{
		{"signing", list(&k.Signing, (*SigningKey).fields)},
		{"seal", (*bytesValue)(&k.Seal)},
		{"mailbox", (*textValue)(&k.Mailbox)},
		{"signIns", list(&k.SignIns, (*SignIn).fields)},
	}
}

func (k *SigningKey) fields() []field {
	return []field{
		{"id", (*textValue)(&k.ID)},
		{"key", (*textValue)(&k.Key)},
	}
}

func (s *SignIn) fields() []field {
	return []field{
		{"id", (*textValue)(&s.ID)},
		{"user", (*textValue)(&s.User)},
		{"generation", (*numberValue)(&s.Generation)},
		{"revoked", (*flagValue)(&s.Revoked)},
		{"expires", (*timeValue)(&s.Expires)},
	}
}
