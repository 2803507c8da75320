// Package sts is the tenant's security token service: discovery, keys, the
// authorize and token endpoints, the sign-in pages, device codes, sign-out and
// the mail box that one-time codes arrive in.
//
// The way of a sign-in: authorize checks the request and opens a transaction,
// which is bound to the browser by a cookie; the pages move it on (password,
// sign-up, one-time code) until nothing is missing; finish then issues a code,
// or approves a device. The token endpoint turns codes, refresh tokens, device
// codes and assertions into tokens. How the user authenticated (Facts) travels
// with every one of them, sealed, and the policy is held against it each time a
// token is issued: that is what makes a second factor stick, or miss.
package sts

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// GraphID is Microsoft Graph's app id, the same in every tenant.
const GraphID = "00000003-0000-0000-c000-000000000000"

// Config is what the service needs. All fields must be set.
type Config struct {
	Directory *directory.Directory
	Signer    *token.Signer
	Now       func() time.Time
	Log       *slog.Logger
	API       string // origin of discovery, tokens and Graph, as https://localhost:8443
	Pages     string // origin of the pages a browser opens, as http://localhost:8442
	// Iterations is how slow password hashing is for new accounts.
	Iterations int
	// Strict refuses what Entra still lets pass: a refresh token used twice.
	Strict bool
	// InvalidGrant answers a policy refusal with error=invalid_grant instead of
	// interaction_required; both occur at the real service.
	InvalidGrant bool
}

// STS is the service. It is safe for concurrent use. Transactions, sessions,
// codes and mail are memory only: they do not outlive a restart, as a browser
// tab would not.
type STS struct {
	Config
	mu           sync.Mutex
	transactions map[string]*transaction
	sessions     map[string]session
	codes        map[string]*code
	devices      map[string]*device // by device code
	mail         []control.Message
	failures     map[string]int // wrong passwords in a row, by e-mail
}

// Facts say how a user authenticated.
type Facts struct {
	User     string    `json:"u"`
	At       time.Time `json:"t"`           // when the password was typed
	MFA      bool      `json:"m,omitempty"` // a second factor was given
	Contexts []string  `json:"c,omitempty"` // authentication contexts satisfied
	Family   string    `json:"f,omitempty"` // the chain of refresh tokens
}

// New returns a service.
func New(c Config) *STS {
	return &STS{
		Config: c, transactions: map[string]*transaction{}, sessions: map[string]session{},
		codes: map[string]*code{}, devices: map[string]*device{}, failures: map[string]int{},
	}
}

// API returns the routes that clients call over https. {tenant} is the GUID or
// the tenant's domain.
func (s *STS) API() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	m.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	m.HandleFunc("/{tenant}/oauth2/v2.0/token", s.wrongVerb)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.deviceCode)
	return m
}

// Pages returns the routes that a person's browser opens. Forms of our own are
// protected against other sites; the authorize endpoint is not, because clients
// may post to it from anywhere (OpenID Connect Core 3.1.2.1).
func (s *STS) Pages() *http.ServeMux {
	m := http.NewServeMux()
	guard := http.NewCrossOriginProtection()
	own := func(pattern string, h http.HandlerFunc) { m.Handle(pattern, guard.Handler(h)) }
	m.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.authorize)
	m.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", s.logout)
	m.HandleFunc("GET /common/oauth2/deviceauth", s.deviceAuth)
	own("POST /common/oauth2/deviceauth", s.deviceEnter)
	own("POST /sign-in/password", s.step(s.password))
	own("POST /sign-in/account", s.step(s.chooseAccount))
	own("POST /sign-in/sign-up", s.step(s.signUp))
	own("POST /sign-in/new", s.step(s.startSignUp))
	own("POST /sign-in/forgotten", s.step(s.startForgot))
	own("POST /sign-in/forgot", s.step(s.forgot))
	own("POST /sign-in/new-password", s.step(s.newPassword))
	own("POST /sign-in/code", s.step(s.enterCode))
	own("POST /sign-in/resend", s.step(s.resend))
	own("POST /sign-in/cancel", s.step(s.cancel))
	m.HandleFunc("GET /mailbox", s.mailPage)
	m.HandleFunc("GET /mailbox.json", s.mailJSON)
	m.HandleFunc("GET /{$}", s.home)
	return m
}

// origins are where this request's tenant lives: under the local addresses, or
// under the host names of the real service when those are mapped here.
type origins struct{ api, pages, issuer string }

func (s *STS) origins(r *http.Request) origins {
	tenantID := s.tenantID()
	if strings.HasSuffix(r.Host, ".ciamlogin.com") {
		host := "https://" + r.Host
		return origins{api: host, pages: host, issuer: "https://" + tenantID + ".ciamlogin.com/" + tenantID + "/v2.0"}
	}
	return origins{api: s.Config.API, pages: s.Config.Pages, issuer: s.Config.API + "/" + tenantID + "/v2.0"}
}

func (s *STS) tenantID() (id string) {
	s.Directory.View(func(d *directory.State) { id = d.TenantID })
	return id
}

// known tells whether the path names this tenant.
func (s *STS) known(r *http.Request) (known bool) {
	tenant := r.PathValue("tenant")
	s.Directory.View(func(d *directory.State) {
		known = strings.EqualFold(tenant, d.TenantID) || strings.EqualFold(tenant, d.Subdomain+".onmicrosoft.com")
	})
	return known
}

// find returns copies of a user and an app; either id may be empty.
func (s *STS) find(user, app string) (u directory.User, a directory.App, ok bool) {
	ok = true
	s.Directory.View(func(d *directory.State) {
		if user != "" {
			found, known := d.UserByID(user)
			if ok = known; known {
				u = *found
			}
		}
		if app != "" {
			found, known := d.AppByID(app)
			if ok = ok && known; known {
				a = *found
			}
		}
	})
	return u, a, ok
}
