// Package sts implements the tenant's security token service: discovery, signing keys, the
// authorize and token endpoints, the sign-in pages, the device code flow, sign-out, and the
// mailbox that receives one-time codes.
//
// A sign-in starts at the authorize endpoint, which validates the request and creates a
// transaction. A cookie binds the transaction to the browser. The pages (password, sign-up,
// one-time code) advance the transaction until the user has met every requirement. Its last
// step issues an authorization code or approves a device. The token endpoint exchanges
// authorization codes, device codes, refresh tokens and assertions for tokens.
//
// Each of them carries how the user authenticated (see authentication); refresh tokens and
// access tokens carry it sealed. The policies of an API are checked against it whenever a token
// for the API is requested. A second factor therefore counts for all later tokens of the
// sign-in, and a client without one gets a claims challenge.
package sts

import (
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// GraphID is the app ID of Microsoft Graph, which is the same in every tenant.
const GraphID = directory.GraphID

// Config configures an STS. All fields except Strict, Limits and InvalidGrant must be set.
type Config struct {
	Directory *directory.Directory
	Signer    *token.Signer
	Now       func() time.Time
	Log       *slog.Logger
	API       string // origin of discovery, tokens and Graph, such as https://localhost:8443
	Pages     string // origin of the pages for browsers, such as http://localhost:8442; may equal API
	// Iterations is the number of PBKDF2 iterations for new passwords.
	Iterations int
	// Strict rejects a refresh token that is used twice. Entra still accepts it.
	Strict bool
	// Limits enforces the request limits of an external tenant.
	Limits bool
	// InvalidGrant reports an unmet policy as error=invalid_grant instead of
	// interaction_required. The real service returns either.
	InvalidGrant bool
	// NewPassword is called after a user's password was changed.
	NewPassword func(email, password string)
}

// STS is the security token service of one tenant. It is safe for concurrent use.
// Transactions, sessions, authorization codes, device codes and messages are kept in memory
// and are lost on restart.
type STS struct {
	Config
	limits       limiter
	mu           sync.Mutex                    // guards the fields below
	transactions map[string]*transaction       // by ID
	sessions     map[string]session            // by cookie
	participants map[string]participation      // by session ID (sid)
	codes        map[string]*authorizationCode // by code
	devices      map[string]*device            // by device code
	mail         []control.Message             // oldest first
	delivered    int64                         // number of the newest message
	arrived      chan struct{}                 // closed when a message arrives
	failures     map[string]int                // consecutive wrong passwords, by email address
}

// New returns a service for the tenant in the directory.
func New(c Config) *STS {
	return &STS{
		Config:       c,
		transactions: map[string]*transaction{},
		sessions:     map[string]session{},
		participants: map[string]participation{},
		codes:        map[string]*authorizationCode{},
		devices:      map[string]*device{},
		failures:     map[string]int{},
		arrived:      make(chan struct{}),
	}
}

// Forget ends all sessions, sign-ins in progress, codes and lockouts, and empties the mailbox,
// because the tenant in the directory was replaced.
func (s *STS) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.transactions)
	clear(s.sessions)
	clear(s.participants)
	clear(s.codes)
	clear(s.devices)
	clear(s.failures)
	s.mail = nil
}

// authentication records how a user authenticated. It is sealed into tokens, so its JSON
// names are part of the format of stored refresh tokens.
type authentication struct {
	UserID  string    `json:"u"`
	At      time.Time `json:"t"`           // when the user entered the password
	MFA     bool      `json:"m,omitempty"` // whether the user completed a second factor
	Family  string    `json:"f,omitempty"` // ID of the refresh token family
	Session string    `json:"s,omitempty"` // ID of the sign-in at the browser (sid)
}

// sweep deletes expired transactions, sessions, codes and devices. The caller must hold s.mu.
func (s *STS) sweep() {
	now := s.Now()
	maps.DeleteFunc(s.sessions, func(_ string, v session) bool { return now.After(v.expires) })
	maps.DeleteFunc(s.participants, func(_ string, v participation) bool { return now.After(v.expires) })
	for id, t := range s.transactions {
		if now.After(t.expires) {
			delete(s.transactions, id)
		}
	}
	for value, c := range s.codes {
		if now.After(c.expires.Add(codeLife)) { // kept longer, to detect reuse
			delete(s.codes, value)
		}
	}
	for value, d := range s.devices {
		if now.After(d.expires.Add(codeLife)) { // kept longer, to report that it has expired
			delete(s.devices, value)
		}
	}
}
