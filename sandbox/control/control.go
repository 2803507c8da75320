// Package control is the HTTP API through which another process manages a
// running sandbox tenant and prepares failures for its tests. It holds the JSON
// types of the requests and responses, and a Client that sends them.
// sandbox.Tenant.Control serves the API; docs/sandbox.md lists its routes.
package control

import "time"

// Facts holds the ids and addresses with which a client of the tenant is
// configured.
type Facts struct {
	TenantID      string `json:"tenantId"`
	Subdomain     string `json:"subdomain"`
	Authority     string `json:"authority"`     // https://…/{tenant id}
	Graph         string `json:"graph"`         // base URL, without /v1.0
	Pages         string `json:"pages"`         // origin of the sign-in pages
	Mailbox       string `json:"mailbox"`       // URL of the mailbox page, with its key
	ClientID      string `json:"clientId"`      // public client, http://localhost
	WebClientID   string `json:"webClientId"`   // confidential client, http://localhost:3000/auth/redirect
	WebSecret     string `json:"webSecret"`     // client secret of the confidential client
	MidTierID     string `json:"midTierId"`     // the web API that edits profiles
	MidTierSecret string `json:"midTierSecret"` // client secret of the mid-tier
	EditScope     string `json:"editScope"`     // api://{mid-tier}/EditProfileService.ReadWrite
	PolicyID      string `json:"policyId"`
	User          string `json:"user"`     // email address of the seeded user
	Password      string `json:"password"` // empty after a restart: only its hash was stored
}

// User represents a customer account.
type User struct {
	ID    string `json:"id,omitempty"` // object id, assigned by the tenant
	Email string `json:"email"`
	// Password is sent when an account is added and returned only then. The
	// tenant generates one if it is empty.
	Password string `json:"password,omitempty"`
	Name     string `json:"name"` // display name
	MFA      bool   `json:"mfa"`  // require a second factor at every sign-in, even if the policy is off
	// Profile holds further profile properties of an account to add. Lists of
	// accounts leave it out.
	Profile map[string]string `json:"profile,omitempty"`
}

// UserChange represents a change to an account. What is not set stays as it is.
type UserChange struct {
	MFA *bool `json:"mfa,omitempty"`
	// Password replaces the password, unlocks the account, and ends every sign-in.
	Password string `json:"password,omitempty"`
	// Profile holds the new values of profile properties; null removes one.
	Profile map[string]*string `json:"profile,omitempty"`
}

// App represents an app registration.
type App struct {
	ID     string `json:"id,omitempty"` // client id; the tenant assigns one if it is empty
	Name   string `json:"name"`
	Public bool   `json:"public"`
	// RedirectURIs are those of the platform "web", or of "mobile and desktop
	// applications" if the client is public.
	RedirectURIs []string `json:"redirectUris"`
	// SPARedirectURIs are those of the platform "single-page application".
	SPARedirectURIs []string `json:"spaRedirectUris,omitempty"`
	// AppIDURI identifies the app as an API. If the app has scopes, the default is
	// api://{client id}.
	AppIDURI string `json:"appIdUri,omitempty"`
	// Scopes are the names of the scopes that the API exposes.
	Scopes []string `json:"scopes,omitempty"`
	// TokenVersion is the version of the API's access tokens: 1 or 2. The default
	// is 1, as in Entra.
	TokenVersion int `json:"tokenVersion,omitempty"`
	// Permissions are the scopes that an administrator has granted to the client,
	// such as api://…/EditProfileService.ReadWrite, or User.ReadWrite for Microsoft
	// Graph. Nil grants User.Read and the edit scope.
	Permissions []string `json:"permissions,omitzero"`
	// Secret is the client secret of a confidential client. The tenant generates
	// one if it is empty, and returns it only when the app is added.
	Secret string `json:"secret,omitempty"`
}

// Credential represents a credential of a confidential client other than its
// secret: either a certificate, or a federated credential with an issuer, a
// subject and the issuer's public key.
type Credential struct {
	Certificate string `json:"certificate,omitempty"` // PEM
	Issuer      string `json:"issuer,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Key         string `json:"key,omitempty"` // the issuer's public key: PKIX, PEM
}

// Policy represents a Conditional Access policy that requires a second factor:
// for tokens for some APIs, or for authentication contexts.
type Policy struct {
	ID   string `json:"id,omitempty"` // assigned by the tenant if it is empty
	Name string `json:"name,omitempty"`
	On   bool   `json:"on"`
	// APIs are the client ids of the APIs that the policy guards. A policy may be
	// added with App ID URIs instead.
	APIs     []string `json:"apis,omitempty"`
	Contexts []string `json:"contexts,omitempty"` // authentication contexts, such as c1
}

// PolicyChange represents a change to a policy.
type PolicyChange struct {
	On bool `json:"on"`
}

// Fault describes one failure that the tenant is told to produce. It affects
// the next request to its part, and only that one.
type Fault struct {
	// Part is discovery, keys, token, graph or pages. An empty part matches any.
	Part string `json:"part"`
	// Status is the HTTP status of the response.
	Status int `json:"status,omitempty"`
	// RetryAfter is the Retry-After header in seconds. It needs Status.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Delay delays the response. Without another failure, the response is normal.
	Delay time.Duration `json:"delay,omitempty"`
	// Reset closes the connection without a response.
	Reset bool `json:"reset,omitempty"`
	// Cut closes the connection after half of the normal response.
	Cut bool `json:"cut,omitempty"`
	// Body is the body of the response. It needs Status.
	Body string `json:"body,omitempty"`
}

// Request describes a request that the tenant received, without its secrets.
type Request struct {
	Method string
	Path   string
	Part   string // as in Fault
	Status int    // of the response; 0 if there was none
	Grant  string // grant_type, at the token endpoint
}

// Message represents an email that the tenant would have sent. Every one
// carries a one-time code.
type Message struct {
	Number  int64     `json:"number"` // greater than that of every earlier message
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// Clock describes the tenant's clock.
type Clock struct {
	Time   time.Time `json:"time"`
	Offset string    `json:"offset"` // from the real time, as time.Duration prints it
	Frozen bool      `json:"frozen"`
}

// ClockChange represents one change of the tenant's clock. Exactly one field must
// be set.
type ClockChange struct {
	// Forward and Back move the clock by a duration as time.ParseDuration reads it,
	// such as 2h.
	Forward string `json:"forward,omitempty"`
	Back    string `json:"back,omitempty"`
	// Set sets the clock to a time.
	Set time.Time `json:"set,omitzero"`
	// Freeze stops the clock. It can still be moved and set.
	Freeze bool `json:"freeze,omitempty"`
	// Reset makes the clock run again and show the real time.
	Reset bool `json:"reset,omitempty"`
}

// Revocation names the user whose sign-ins end.
type Revocation struct {
	Email string `json:"email"`
}
