// Package setup creates what profilectl needs in a tenant: the app registrations of the
// mid-tier and the client with their service principals, the credential, the consent,
// the second factor, the Conditional Access policy and the user flow.
//
// It works like a planner. Find reads the tenant, NewPlan compares it with what is
// wanted, and Apply sends one write after the other until nothing differs. Each object
// knows its next write from the state of the tenant alone, so a run that was killed is
// continued by the next one. Only objects with the tag of the setup are changed or
// deleted.
//
// All requests are documented for Microsoft Graph v1.0 (learn.microsoft.com/graph/api).
package setup

import (
	"cmp"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/fault"
)

// GraphID is the client ID of Microsoft Graph in every tenant.
const GraphID = "00000003-0000-0000-c000-000000000000"

// DefaultClient is the public client of Microsoft Graph PowerShell. Administrators sign
// in with it unless they name a registration of their own.
const DefaultClient = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

// ReadScopes returns the delegated permissions of Microsoft Graph that Find needs.
func ReadScopes() []string {
	return []string{"Directory.Read.All", "Policy.Read.All", "EventListener.Read.All"}
}

// WriteScopes returns the delegated permissions that Apply and Destroy need.
func WriteScopes() []string {
	return []string{
		"Application.ReadWrite.All",
		"DelegatedPermissionGrant.ReadWrite.All",
		"Policy.Read.All",
		"Policy.ReadWrite.ConditionalAccess",
		"Policy.ReadWrite.AuthenticationMethod",
		"EventListener.ReadWrite.All",
	}
}

// Roles returns the directory roles that together may do everything.
func Roles() []string {
	return []string{
		"Cloud Application Administrator",
		"Privileged Role Administrator or Global Administrator (admin consent)",
		"Conditional Access Administrator",
		"Authentication Policy Administrator",
		"External ID User Flow Administrator",
	}
}

// Wanted describes a setup. Empty fields have defaults, except Credential.
type Wanted struct {
	Deployment  string // distinguishes several setups in a tenant; default "default"
	MidTierName string // display name; default "edit-profile-service"
	ClientName  string // display name; default "edit-profile-cli"
	ScopeName   string // default "EditProfileService.ReadWrite"
	RedirectURI string // of the client; default "http://localhost"
	Enforce     bool   // the policy is on; otherwise it is created in report-only mode
	UserFlow    string // display name of the flow to use; empty chooses one or creates it
	AuthContext string // authentication context to create and guard, such as c1; empty for none
	Credential  Credential
	// PasswordChange is whether the mid-tier changes passwords of users who ask for it. A run
	// without it takes no permission away.
	PasswordChange bool
	// Attributes is whether the mid-tier changes custom attributes, for which it needs an
	// application of its own.
	Attributes           bool
	AttributesName       string // display name; default "edit-profile-attributes"
	AttributesCredential Credential
}

// Credential describes how the mid-tier authenticates to the tenant. Exactly one of the
// fields is used.
type Credential struct {
	Secret      *SecretSink
	Certificate *Certificate
	Federated   *Federated
}

// SecretSink receives a new client secret.
type SecretSink struct {
	// Lifetime of the secret; 0 is 180 days.
	Lifetime time.Duration
	// Written returns what was written before, by this run or an earlier one, or an empty
	// string.
	Written func() (string, error)
	// Reserve is called before anything is created. It fails if the secret could not be
	// written.
	Reserve func() error
	// Write stores the secret.
	Write func(secret string) error
}

// Federated is a workload identity whose tokens the mid-tier presents.
type Federated struct {
	Issuer  string // URL of the platform's token issuer
	Subject string // sub of its tokens
}

// withDefaults returns the description with its defaults.
func (w Wanted) withDefaults() Wanted {
	w.Deployment = cmp.Or(w.Deployment, "default")
	w.MidTierName = cmp.Or(w.MidTierName, "edit-profile-service")
	w.ClientName = cmp.Or(w.ClientName, "edit-profile-cli")
	w.AttributesName = cmp.Or(w.AttributesName, "edit-profile-attributes")
	w.ScopeName = cmp.Or(w.ScopeName, "EditProfileService.ReadWrite")
	w.RedirectURI = cmp.Or(w.RedirectURI, "http://localhost")
	return w
}

// check returns a Usage fault if the description cannot be created.
func (w Wanted) check() error {
	if !validName(w.Deployment) {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the name of the deployment is not valid",
			Fix:  "use 1 to 32 lower-case letters, digits and hyphens",
		}
	}
	const longest = 120 // characters of a display name in Entra
	for _, name := range []string{w.MidTierName, w.ClientName, w.AttributesName} {
		if len(name) > longest || strings.ContainsFunc(name, isControl) {
			return &fault.Error{
				Kind: fault.Usage,
				What: "the display name of an application is too long or has control characters",
				Fix:  "use at most 120 printable characters",
			}
		}
	}
	if w.MidTierName == w.ClientName {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the mid-tier and the client cannot have the same display name",
			Fix:  "choose two names",
		}
	}
	return w.checkContext()
}

func (w Wanted) checkContext() error {
	const most = 99 // Entra has the contexts c1 to c99
	if w.AuthContext == "" {
		return nil
	}
	number := 0
	for _, r := range strings.TrimPrefix(w.AuthContext, "c") {
		if r < '0' || r > '9' || number > most {
			number = 0
			break
		}
		number = number*10 + int(r-'0')
	}
	if !strings.HasPrefix(w.AuthContext, "c") || number < 1 || number > most {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the authentication context is not valid",
			Fix:  "use one of c1 to c99",
		}
	}
	return nil
}

func validName(name string) bool {
	const longest = 32
	unusual := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	return name != "" && len(name) <= longest && name[0] != '-' && !strings.ContainsFunc(name, unusual)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// tag returns the tag of every object of the setup.
func (w Wanted) tag() string { return "profilectl:setup:" + w.Deployment }

// midTierTag and clientTag are the tags of the two applications; the others record what a run
// has done.
func (w Wanted) midTierTag() string   { return w.tag() + ":midtier" }
func (w Wanted) clientTag() string    { return w.tag() + ":client" }
func (w Wanted) emailWasOff() string  { return w.tag() + ":email=disabled" }
func (w Wanted) secretPrefix() string { return w.tag() + ":secret=" }

// marked returns a display name with the marker of the setup, for objects that have
// neither tags nor a description.
func (w Wanted) marked(name string) string { return name + " [" + w.tag() + "]" }

// isMarked reports whether a text contains the marker. A deployment whose name continues
// that of another one is not the same.
func (w Wanted) isMarked(text string) bool { return strings.Contains(text, "["+w.tag()+"]") }
