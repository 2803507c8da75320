// Package directory holds the state of a tenant: its users with their profiles,
// the registered applications, the policies, the signing keys, and the sign-ins
// that have been revoked. The state is one document, kept in memory. Every change
// saves the whole document in a Store before it is acknowledged, so a tenant that
// is killed starts again with the last acknowledged state.
package directory

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

// Store keeps the document across restarts. Load returns nil if nothing was saved
// yet. Save must return only once the bytes are durable.
type Store interface {
	Load() ([]byte, error)
	Save(state []byte) error
}

// Version is the version of the document's format.
const Version = 4

// State represents the document.
type State struct {
	Version   int           `json:"version"`
	TenantID  string        `json:"tenantId"`
	Subdomain string        `json:"subdomain"`
	Users     []User        `json:"users"`
	Apps      []App         `json:"apps"`
	MidTier   string        `json:"midTier,omitempty"` // client id of the seeded API that edits profiles
	Policies  []Policy      `json:"policies"`
	Contexts  []AuthContext `json:"contexts,omitempty"`
	Flows     []UserFlow    `json:"userFlows,omitempty"`
	// Attributes are the custom attributes that users can have.
	Attributes []Attribute `json:"attributes,omitempty"`
	// Microsoft holds the service principals of Microsoft's apps.
	Microsoft []FirstPartyPrincipal `json:"microsoft"`
	// Deleted holds the apps that were deleted and can be restored, for 30 days.
	Deleted []DeletedApp `json:"deleted,omitempty"`
	// NoEmailOTP is whether one-time codes by email are not allowed as a second factor.
	NoEmailOTP bool              `json:"noEmailOtp,omitempty"`
	Keys       []Key             `json:"keys"`     // the first one signs; all are published
	SealKey    []byte            `json:"sealKey"`  // encrypts refresh tokens and authentication facts
	Families   map[string]Family `json:"families"` // by the id of the sign-in
	MailKey    string            `json:"mailKey"`  // opens the mailbox page
}

// User represents the account of a customer, or of an administrator.
type User struct {
	ID       string `json:"id"`       // object id, the oid claim
	Email    string `json:"email"`    // of a work account, the userPrincipalName
	Password string `json:"password"` // hash, as Hash returns it
	// Profile holds Graph's string properties, and custom attributes by the names of their
	// properties, as texts.
	Profile map[string]*string `json:"profile"`
	Created time.Time          `json:"created"`
	// MFA requires a second factor at every sign-in, even if the policy is off.
	MFA bool `json:"mfa,omitempty"`
	// NotBefore is when the earlier sign-ins were revoked.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// PasswordChanged is when the user changed the password, which ends the earlier
	// sign-ins except those at confidential clients.
	PasswordChanged time.Time `json:"passwordChanged,omitzero"`
	// Work is whether the account is one of the organization instead of a customer's.
	Work bool `json:"work,omitempty"`
	// Roles are the template ids of the user's directory roles.
	Roles []string `json:"roles,omitempty"`
}

// DeletedApp represents an app registration that was deleted.
type DeletedApp struct {
	App
	Deleted time.Time `json:"deletedDateTime"`
}

// Key represents a signing key.
type Key struct {
	ID  string `json:"kid"`
	PEM string `json:"pem"` // PKCS #8
}

// Family represents the refresh tokens of one sign-in, each issued in exchange
// for the one before.
type Family struct {
	User       string    `json:"user"`       // object id
	Generation int       `json:"generation"` // of the latest refresh token
	Revoked    bool      `json:"revoked,omitempty"`
	Expires    time.Time `json:"expires"`
}

// Directory holds the state of one tenant. It is safe for concurrent use.
type Directory struct {
	mu    sync.RWMutex
	state State
	store Store
}

// Open returns the directory that the store holds, or one with the state that
// fresh returns if the store holds none. If store is nil, the state is kept in
// memory only.
func Open(store Store, fresh func() (State, error)) (*Directory, error) {
	d := &Directory{store: store}
	if store != nil {
		raw, err := store.Load()
		if err != nil {
			return nil, fmt.Errorf("load tenant: %w", err)
		}
		if raw != nil {
			if d.state, err = decode(raw); err != nil {
				return nil, fmt.Errorf("read tenant: %w", err)
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

// View calls look with the current state, which look must neither change nor
// keep.
func (d *Directory) View(look func(*State)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	look(&d.state)
}

// Update calls change with a copy of the state, saves the copy, and makes it the
// current state. After an error of change or of the store, which is a
// *control.StorageError, the state is as before.
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
			return fmt.Errorf("encode tenant: %w", err)
		}
		if err := d.store.Save(raw); err != nil {
			return &control.StorageError{Err: err}
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
