// Package directory holds what the tenant knows: its users with their
// profiles, the registered applications, the policy, the signing keys, and
// which sign-ins have been revoked. It is one document, kept in memory and
// handed whole to a Store before a change is acknowledged, so that a tenant
// that is killed starts again with the last acknowledged state.
package directory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Store keeps the document across restarts. Load returns nil where nothing was
// saved yet. Save returns once the bytes are safe.
type Store interface {
	Load() ([]byte, error)
	Save(state []byte) error
}

// Version is the format of the document.
const Version = 1

// State is the document.
type State struct {
	Version   int               `json:"version"`
	TenantID  string            `json:"tenantId"`
	Subdomain string            `json:"subdomain"`
	Users     []User            `json:"users"`
	Apps      []App             `json:"apps"`
	Policy    Policy            `json:"policy"`
	Keys      []Key             `json:"keys"`     // the first one signs; all are published
	SealKey   []byte            `json:"sealKey"`  // seals refresh tokens and authentication facts
	Families  map[string]Family `json:"families"` // refresh tokens of one sign-in, by id
	MailKey   string            `json:"mailKey"`  // opens the mail box page
}

// User is a customer account.
type User struct {
	ID       string             `json:"id"` // oid
	Email    string             `json:"email"`
	Password string             `json:"password"` // hash, see Hash
	Profile  map[string]*string `json:"profile"`  // Graph's string properties
	Created  time.Time          `json:"created"`
	// MFA asks for a second factor at every sign-in, whatever the policy says.
	MFA bool `json:"mfa,omitempty"`
	// NotBefore ends every sign-in from before it.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// App is an app registration.
type App struct {
	ID           string   `json:"id"` // client id
	Name         string   `json:"name"`
	Public       bool     `json:"public"`
	RedirectURIs []string `json:"redirectUris,omitempty"`
	Secret       string   `json:"secret,omitempty"` // of a confidential client; it is worth nothing elsewhere
	AppIDURI     string   `json:"appIdUri,omitempty"`
	Scopes       []string `json:"scopes,omitempty"` // that it exposes
	// Consents are the scopes that an administrator granted the app, by
	// resource's app id.
	Consents map[string][]string `json:"consents,omitempty"`
	// Certificates are SHA-256 thumbprints (hex) with their PEM, for client
	// assertions.
	Certificates map[string]string `json:"certificates,omitempty"`
	Workloads    []Workload        `json:"workloads,omitempty"`
	// OptionalClaims are those that the app's access tokens carry beside the usual
	// ones.
	OptionalClaims []string `json:"optionalClaims,omitempty"`
}

// Workload is a federated credential: a platform whose tokens prove the app.
type Workload struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Key     string `json:"key"` // PEM of the issuer's public key
}

// Policy is the Conditional Access policy of the tenant: MFA for one API.
type Policy struct {
	ID       string `json:"id"`
	On       bool   `json:"on"`
	Resource string `json:"resource"` // the app id that it guards
}

// Key is a signing key.
type Key struct {
	ID  string `json:"kid"`
	PEM string `json:"pem"` // PKCS #8
}

// Family is one sign-in's chain of refresh tokens.
type Family struct {
	User       string    `json:"user"`
	Generation int       `json:"generation"` // the only refresh token that is still good
	Revoked    bool      `json:"revoked,omitempty"`
	Expires    time.Time `json:"expires"`
}

// Directory guards the document. It is safe for concurrent use.
type Directory struct {
	mu    sync.RWMutex
	state State
	store Store
}

// Open reads the document from the store, or starts with the one that fresh
// makes. A nil store keeps nothing.
func Open(store Store, fresh func() (State, error)) (*Directory, error) {
	d := &Directory{store: store}
	if store != nil {
		raw, err := store.Load()
		if err != nil {
			return nil, fmt.Errorf("load tenant: %w", err)
		}
		if raw != nil {
			if err := json.Unmarshal(raw, &d.state); err != nil {
				return nil, fmt.Errorf("read tenant: %w", err)
			}
			if d.state.Version != Version {
				return nil, fmt.Errorf("read tenant: format %d is not %d", d.state.Version, Version)
			}
			return d, nil
		}
	}
	state, err := fresh()
	if err != nil {
		return nil, err
	}
	return d, d.Update(func(s *State) error { *s = state; return nil })
}

// View calls look with the document, which must not be changed or kept.
func (d *Directory) View(look func(*State)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	look(&d.state)
}

// Update changes the document: change works on a copy, which becomes the
// document once it is saved. An error leaves everything as it was.
func (d *Directory) Update(change func(*State) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	next, err := clone(d.state)
	if err != nil {
		return err
	}
	if err := change(&next); err != nil {
		return err
	}
	if d.store != nil {
		raw, err := json.MarshalIndent(next, "", " ")
		if err != nil {
			return fmt.Errorf("write tenant: %w", err)
		}
		if err := d.store.Save(raw); err != nil {
			return fmt.Errorf("save tenant: %w", err)
		}
	}
	d.state = next
	return nil
}

func clone(s State) (State, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return State{}, fmt.Errorf("copy tenant: %w", err)
	}
	var next State
	if err := json.Unmarshal(raw, &next); err != nil {
		return State{}, fmt.Errorf("copy tenant: %w", err)
	}
	if next.Families == nil {
		next.Families = map[string]Family{}
	}
	return next, nil
}

// UserByEmail returns the account that signs in with an address, in any case.
func (s *State) UserByEmail(email string) (*User, bool) {
	i := slices.IndexFunc(s.Users, func(u User) bool { return strings.EqualFold(u.Email, strings.TrimSpace(email)) })
	if i < 0 {
		return nil, false
	}
	return &s.Users[i], true
}

// UserByID returns an account by its object id.
func (s *State) UserByID(id string) (*User, bool) {
	i := slices.IndexFunc(s.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return nil, false
	}
	return &s.Users[i], true
}

// AppByID returns an app registration by its client id.
func (s *State) AppByID(id string) (*App, bool) {
	i := slices.IndexFunc(s.Apps, func(a App) bool { return strings.EqualFold(a.ID, id) })
	if i < 0 {
		return nil, false
	}
	return &s.Apps[i], true
}

// AppByURI returns the API whose App ID URI, or client id, a scope names.
func (s *State) AppByURI(uri string) (*App, bool) {
	i := slices.IndexFunc(s.Apps, func(a App) bool {
		return a.AppIDURI != "" && a.AppIDURI == uri || strings.EqualFold(a.ID, uri)
	})
	if i < 0 {
		return nil, false
	}
	return &s.Apps[i], true
}

// HasConsent tells whether an administrator granted the app a scope of an API.
func (a *App) HasConsent(resource, scope string) bool {
	return slices.ContainsFunc(a.Consents[resource], func(s string) bool { return strings.EqualFold(s, scope) })
}
