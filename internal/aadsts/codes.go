package aadsts

import (
	"maps"
	"slices"
	"sync"

	"github.com/profilectl/profilectl/internal/fault"
)

// meaning is the meaning of an error code in this project, and what to do about it.
type meaning struct {
	kind   fault.Kind
	what   string
	remedy remedy
}

// remedy is the part of a fault that says what to do next. Following it must change
// the cause: a new sign-in helps if the sign-in has ended, but not if a policy, the
// account or a registration forbids it.
type remedy struct {
	fix         string
	next        fault.Action
	forOperator bool
}

// byUser, byOperator and the others are the common remedies.
func byUser(fix string) remedy     { return remedy{fix: fix} }
func byOperator(fix string) remedy { return remedy{fix: fix, forOperator: true} }
func signIn() remedy               { return remedy{next: fault.DoSignIn} }
func otherAccount() remedy         { return remedy{next: fault.DoUseOtherAccount} }

// Advice for several codes.
const (
	addRedirectURI = "in the app registration, add the redirect URI http://localhost under " +
		`"Mobile and desktop applications"`
	askAdmin    = "ask the tenant's administrator and give the correlation id"
	askPolicy   = "ask the tenant's administrator which policy applies, and give the correlation id"
	checkScope  = "check edit-scope against the scopes that the API exposes"
	grantClient = "in the client's app registration, grant admin consent for its permissions"
	newCode     = "run the command again for a new code"
	oneAPI      = "request the scopes of one API at a time"
	tryInMinute = "try again in a minute"
	tryLater    = "try again later"
	valueNotID  = "create a new client secret for the mid-tier and use its value, not its id"
)

// meanings returns the meaning of each code that profilectl can meet. The codes
// are explained in learn.microsoft.com, "Microsoft Entra authentication and
// authorization error codes"; the advice is this project's.
var meanings = sync.OnceValue(func() map[int]meaning {
	all := map[int]meaning{}
	for _, codes := range []map[int]meaning{
		clientCodes(),
		tenantCodes(),
		apiCodes(),
		credentialCodes(),
		requestCodes(),
		accountCodes(),
		passwordCodes(),
		policyCodes(),
		secondFactorCodes(),
		sessionCodes(),
		temporaryCodes(),
		reportedCodes(),
		extensionCodes(),
		moreRequestCodes(),
		moreTemporaryCodes(),
	} {
		maps.Copy(all, codes)
	}
	return all
})

// Codes returns every code with a known meaning in ascending order, for tests that
// must cover all of them.
func Codes() []int { return slices.Sorted(maps.Keys(meanings())) }
