package doctor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/config"
)

// Target is what is checked. All fields must be set.
type Target struct {
	// Settings returns the settings of the tenant, or the fault that makes them
	// unusable.
	Settings func() (config.Settings, error)
	// HTTP returns the client for requests. It is called after Settings.
	HTTP  func() (*http.Client, error)
	Proxy func(*http.Request) (*url.URL, error) // as the client uses it
	Now   func() time.Time
	// Browser returns the name of the command that opens pages, or why there is none.
	Browser func() (command, why string)
	// Store writes a value to the token store, reads it back and removes it. It
	// returns the kind of the store.
	Store func(context.Context, authority.Authority) (kind string, err error)
	// Accounts returns a client for the signed-in accounts of the tenant, and the one
	// to check; a SignIn fault if there is none.
	Accounts func(context.Context, authority.Authority) (*auth.Client, auth.Account, error)
}

// examination is what the checks have found so far. A check writes only what the
// checks that need it read, so no lock is necessary.
type examination struct {
	Target
	settings  config.Settings
	http      *http.Client
	form      authority.Form
	midTier   string    // its address; empty if it is not configured
	date      time.Time // of the tenant's clock; zero if unknown
	received  time.Time // when date arrived
	authority authority.Authority
	challenge response // of the mid-tier to a request without a token
	auth      *auth.Client
	account   auth.Account
	steppedUp bool // the sign-in may have used a second factor
	read      tokenResult
	edit      tokenResult
}

// tokenResult is the outcome of a request for a token without a user.
type tokenResult struct {
	token     auth.Token
	challenge *challenge.Challenge
	err       error
}

// Checks returns all checks, the local ones first. Those of a signed-in account are
// left out with beforeSignIn.
func Checks(t Target, beforeSignIn bool) []Check {
	e := &examination{Target: t}
	checks := append(e.local(), e.remote()...)
	if !beforeSignIn {
		checks = append(checks, e.signedIn()...)
	}
	return checks
}
