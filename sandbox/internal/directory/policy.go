package directory

import (
	"slices"
	"strings"
	"time"
)

// The states of a Conditional Access policy.
const (
	PolicyEnabled    = "enabled"
	PolicyDisabled   = "disabled"
	PolicyReportOnly = "enabledForReportingButNotEnforced"
)

// Everything is the value of a condition that applies to all users or all apps.
const Everything = "All"

// Policy represents a Conditional Access policy: what users need for tokens for some
// APIs, or for authentication contexts that a request names.
type Policy struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	State    string    `json:"state"`
	Created  time.Time `json:"created,omitzero"`
	Modified time.Time `json:"modified,omitzero"`
	// APIs are client ids, or Everything.
	APIs         []string `json:"apis,omitempty"`
	ExcludedAPIs []string `json:"excludedApis,omitempty"`
	Contexts     []string `json:"contexts,omitempty"` // such as c1
	// Users are object ids, or Everything.
	Users         []string `json:"users"`
	ExcludedUsers []string `json:"excludedUsers,omitempty"`
	ClientTypes   []string `json:"clientTypes,omitempty"` // as Graph names them
	Operator      string   `json:"operator,omitempty"`    // of the controls: OR or AND
	Controls      []string `json:"controls"`              // mfa or block
}

// Control names of a policy.
const (
	ControlMFA   = "mfa"
	ControlBlock = "block"
)

// On reports whether the policy is enforced. In report-only mode, it is not.
func (p *Policy) On() bool { return p.State == PolicyEnabled }

// Switch enables or disables the policy.
func (p *Policy) Switch(on bool) {
	p.State = PolicyDisabled
	if on {
		p.State = PolicyEnabled
	}
}

// Blocks reports whether the policy denies access instead of requiring a second factor.
func (p *Policy) Blocks() bool { return slices.Contains(p.Controls, ControlBlock) }

// AppliesTo reports whether a policy that is on concerns a user. The id is empty if the
// user is not known yet.
func (p *Policy) AppliesTo(userID string) bool {
	return p.On() && !containsFold(p.ExcludedUsers, userID) &&
		(userID == "" || includes(p.Users, userID))
}

// Guards reports whether the policy concerns tokens for the API with a client id.
func (p *Policy) Guards(api string) bool {
	return includes(p.APIs, api) && !containsFold(p.ExcludedAPIs, api)
}

func includes(list []string, id string) bool {
	return slices.Contains(list, Everything) || containsFold(list, id)
}

func containsFold(list []string, id string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, id) })
}

// AuthContext represents an authentication context that policies can guard.
type AuthContext struct {
	ID          string `json:"id"` // c1 to c99
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Available   bool   `json:"available,omitempty"` // whether it is published to apps
}

// UserFlow represents a self-service sign-up flow for customers, and the apps that use it.
type UserFlow struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Priority    int      `json:"priority,omitempty"`
	Apps        []string `json:"apps,omitempty"` // client ids
	// SignUpDisabled lets only existing customers sign in.
	SignUpDisabled bool `json:"signUpDisabled,omitempty"`
	// Identity providers, as Graph names them.
	IdentityProviders []string `json:"identityProviders,omitempty"`
	// AttributeCollection is the attributes that customers enter when they sign up, as
	// Graph's JSON; see Inputs.
	AttributeCollection []byte `json:"attributeCollection,omitempty"`
}

// FlowOf returns the user flow of the app with a client id. An app is in one flow at most.
func (s *State) FlowOf(appID string) (*UserFlow, bool) {
	i := slices.IndexFunc(s.Flows, func(f UserFlow) bool { return containsFold(f.Apps, appID) })
	if i < 0 {
		return nil, false
	}
	return &s.Flows[i], true
}

// AllowsSignUp reports whether customers can create an account when they sign in to the
// app with a client id.
func (s *State) AllowsSignUp(appID string) bool {
	f, ok := s.FlowOf(appID)
	return ok && !f.SignUpDisabled
}

// DefaultFlow returns the flow that a new tenant with apps has.
func DefaultFlow(apps []App) UserFlow {
	f := UserFlow{
		ID:                NewID(),
		Name:              "Sign up and sign in",
		Priority:          defaultPriority,
		IdentityProviders: []string{EmailPassword},
	}
	for _, a := range apps {
		f.Apps = append(f.Apps, a.ID)
	}
	return f
}

// EmailPassword is the identity provider of accounts with email address and password.
const EmailPassword = "EmailPassword-OAUTH"

const defaultPriority = 500

// NewPolicy returns a policy that requires a second factor of all users.
func NewPolicy(id, name string, on bool) Policy {
	p := Policy{
		ID:          id,
		Name:        name,
		Users:       []string{Everything},
		ClientTypes: []string{"all"},
		Operator:    "OR",
		Controls:    []string{ControlMFA},
	}
	p.Switch(on)
	return p
}

// ContextByID returns the authentication context with an id.
func (s *State) ContextByID(id string) (*AuthContext, bool) {
	i := slices.IndexFunc(s.Contexts, func(c AuthContext) bool { return strings.EqualFold(c.ID, id) })
	if i < 0 {
		return nil, false
	}
	return &s.Contexts[i], true
}
