package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
)

// Pages about the subjects of the operator's checks.
const (
	pageProof   = "https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials"
	pageOBO     = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow"
	pageClaims  = "https://learn.microsoft.com/entra/identity-platform/optional-claims"
	pageContext = "https://learn.microsoft.com/entra/identity-platform/" +
		"developer-guide-conditional-access-authentication-context"
)

// Operator is a mid-tier that is checked from the machine on which it runs. All fields
// must be set.
type Operator struct {
	// Probe returns the mid-tier, which has sent nothing yet, or the fault that makes its
	// settings unusable.
	Probe func() (*serve.Probe, error)
	// User returns a signed-in user of the tenant, or a fault if there is none.
	User func(context.Context) (User, error)
	Now  func() time.Time
}

// User is a user who is signed in on this machine.
type User struct {
	Auth      *auth.Client
	Account   auth.Account
	TenantID  string
	EditScope string // the configured one; empty if there is none
}

// operation is what the checks of an Operator have found so far. As with examination, no
// lock is necessary.
type operation struct {
	Operator
	life      context.Context //nolint:containedctx // of the probe's background work
	probe     *serve.Probe
	user      User
	scopes    []string // of the mid-tier
	steppedUp bool
	token     serve.Token
	exchanged sync.Once
	stronger  *challenge.Challenge // of the exchange
	err       error                // of the exchange
}

// ServeChecks returns the checks of a mid-tier. Those that need a signed-in user are left
// out with beforeSignIn. What they start in the background ends with life.
func ServeChecks(life context.Context, o Operator, beforeSignIn bool) []Check {
	const settings, tenant, user, token = "serve.settings", "serve.tenant", "serve.user", "serve.token"
	e := &operation{Operator: o, life: life}
	checks := []Check{
		{ID: settings, Run: e.checkSettings},
		{ID: tenant, Needs: []string{settings}, Run: e.checkTenant},
		{ID: "serve.credential", Link: pageProof, Needs: []string{tenant}, Run: e.checkCredential},
		{ID: "serve.expiry", Link: pageProof, Needs: []string{settings}, Run: e.checkExpiry},
		{ID: "serve.attributes", Link: pageProof, Needs: []string{tenant}, Run: e.checkAttributes},
	}
	if beforeSignIn {
		return checks
	}
	return append(checks,
		Check{ID: user, Needs: []string{tenant}, Run: e.checkUser},
		Check{ID: token, Link: pageClaims, Needs: []string{user}, Run: e.checkToken},
		Check{ID: "serve.consent", Link: pageConsent, Needs: []string{token}, Run: e.checkConsent},
		Check{ID: "serve.obo", Link: pageOBO, Needs: []string{token}, Run: e.checkExchange},
		Check{ID: "serve.passwords", Link: pageConsent, Needs: []string{token}, Run: e.checkPasswords},
		Check{ID: "serve.context", Link: pageContext, Needs: []string{user}, Run: e.checkContext},
	)
}

func (e *operation) checkSettings(context.Context) Result {
	var err error
	if e.probe, err = e.Probe(); err != nil {
		return failed(err)
	}
	return ok("the settings name a tenant, a client id and a credential")
}

func (e *operation) checkTenant(ctx context.Context) Result {
	if err := e.probe.Connect(ctx, e.life); err != nil {
		return failed(err)
	}
	return ok("the tenant is " + e.probe.TenantID())
}

func (e *operation) checkCredential(ctx context.Context) Result {
	if err := e.probe.CheckCredential(ctx); err != nil {
		return failed(err)
	}
	return ok("the tenant accepts the credential")
}

// checkExpiry reports when the certificate expires. Only an administrator can see when a
// secret does.
func (e *operation) checkExpiry(context.Context) Result {
	const soon = 30 * 24 * time.Hour
	if e.probe.UsesSecret() {
		return skippedWith(&fault.Error{
			Kind: fault.Denied,
			What: "only an administrator can see when a client secret expires",
			Fix:  "run `az ad app credential list --id " + e.probe.ClientID() + "`",
		})
	}
	until := e.probe.CertificateExpires()
	if until.IsZero() {
		return ok("the platform renews the token that is the credential")
	}
	day := until.UTC().Format(time.DateOnly)
	if left := until.Sub(e.Now()); left < soon {
		return warning(&fault.Error{
			Kind: fault.Denied,
			What: fmt.Sprintf("the client certificate expires on %s, in %d days", day, int(left.Hours()/24)),
			Fix: "register a new certificate with `az ad app credential reset --id " + e.probe.ClientID() +
				" --cert @new.pem --append`, and replace the file of the mid-tier",
		})
	}
	return ok("the client certificate expires on " + day)
}

// checkAttributes reports whether the second credential may change custom attributes.
func (e *operation) checkAttributes(ctx context.Context) Result {
	if !e.probe.ChangesAttributes() {
		return skipped("users may change no custom attributes")
	}
	if err := e.probe.CheckAttributes(ctx); err != nil {
		return failed(err)
	}
	return ok("the second credential may change the custom attributes")
}

// checkUser finds a signed-in user of the same tenant.
func (e *operation) checkUser(ctx context.Context) Result {
	var err error
	if e.user, err = e.User(ctx); err != nil {
		f := fault.As(err)
		return skippedWith(f.Reworded("no user of this machine can be used: " + f.What))
	}
	if e.user.TenantID != e.probe.TenantID() {
		return skippedWith(&fault.Error{
			Kind: fault.SignIn,
			What: "the signed-in user belongs to another tenant than the mid-tier",
			Fix:  "choose the tenant of the mid-tier",
			Next: fault.DoSignIn,
		})
	}
	scope := e.user.EditScope
	if scope == "" {
		scope = e.probe.Scope()
	}
	e.scopes = []string{scope}
	if e.steppedUp, err = e.user.Auth.HasHad(ctx, e.user.Account, scope); err != nil {
		return failed(err)
	}
	return ok("a user of the tenant is signed in")
}

// checkToken requests a token for the mid-tier and verifies it as the mid-tier does.
func (e *operation) checkToken(ctx context.Context) Result {
	var want *challenge.Challenge
	if e.probe.AuthContext() != "" {
		want = challenge.ACRS(e.probe.AuthContext())
	}
	issued, ch, err := e.user.Auth.Probe(ctx, e.user.Account, e.scopes, want)
	switch {
	case err != nil:
		return failed(err)
	case ch != nil:
		return skippedWith(&fault.Error{
			Kind: fault.StepUp,
			What: "a token for the mid-tier requires a second factor",
			Next: fault.DoSignInForEdits,
		})
	}
	if e.token, err = e.probe.Verify(ctx, issued.Access); err != nil {
		f := fault.As(err)
		return failed(&fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier rejects the user's token: " + f.What,
			Fix: "compare client-id and audience with the app registration of the mid-tier: its client id, " +
				"its App ID URI, and its scope EditProfileService.ReadWrite",
			Err: err,
		})
	}
	return e.judgeToken()
}

// judgeToken reports what a valid token lacks.
func (e *operation) judgeToken() Result {
	const v2 = "2.0"
	switch {
	case e.token.Challenge != nil && e.probe.AuthContext() != "":
		return failed(&fault.Error{
			Kind: fault.Denied,
			What: "the user's token does not satisfy the mid-tier although the tenant issued it for the " +
				"authentication context " + e.probe.AuthContext(),
			Fix: "add the optional claim acrs to the access tokens of the mid-tier's app registration",
		})
	case e.token.Challenge != nil:
		return skippedWith(&fault.Error{
			Kind: fault.StepUp,
			What: "the sign-in of the user is older than max-age allows",
			Next: fault.DoSignInForEdits,
		})
	case e.token.NoAuthTime:
		return warning(&fault.Error{
			Kind: fault.Denied,
			What: "max-age has no effect: the access tokens have no auth_time",
			Fix:  "add the optional claim auth_time to the access tokens of the mid-tier's app registration",
		})
	case e.token.Version != v2:
		return warning(&fault.Error{
			Kind: fault.Denied,
			What: "the tenant issues tokens of version " + e.token.Version + " for the mid-tier",
			Fix: "run `az rest --method PATCH --url \"https://graph.microsoft.com/v1.0/applications(appId='" +
				e.probe.ClientID() + "')\" --body '{\"api\":{\"requestedAccessTokenVersion\":2}}'`",
		})
	}
	return ok("the mid-tier accepts the user's token")
}

// exchange exchanges the user's token, at the first call.
func (e *operation) exchange(ctx context.Context) (*challenge.Challenge, error) {
	e.exchanged.Do(func() { e.stronger, e.err = e.probe.Exchange(ctx, e.token) })
	return e.stronger, e.err
}

func (e *operation) checkExchange(ctx context.Context) Result {
	ch, err := e.exchange(ctx)
	switch {
	case hasCode(err, noConsent()):
		return skipped("needs serve.consent")
	case err != nil:
		return failed(err)
	case ch != nil:
		return ok("the exchange requires a stronger sign-in, which the mid-tier requests from its client")
	}
	return ok("the user's token was exchanged for one of Microsoft Graph")
}

// checkContext reports whether a policy guards the authentication context: Entra issues a
// context that no policy guards after any sign-in.
func (e *operation) checkContext(ctx context.Context) Result {
	name := e.probe.AuthContext()
	switch {
	case name == "":
		return skipped("require-auth-context is not configured")
	case e.steppedUp:
		return steppedUp()
	}
	request := func(scopes []string, want *challenge.Challenge) (refused bool, err error) {
		_, ch, err := e.user.Auth.Probe(ctx, e.user.Account, scopes, want)
		return ch != nil, err
	}
	refused, err := request(e.scopes, challenge.ACRS(name))
	if err == nil && !refused {
		return failed(&fault.Error{
			Kind: fault.Denied,
			What: "the tenant issued a token for the authentication context " + name + " without a second factor",
			Fix: "check that a Conditional Access policy is on and not in report-only mode, that its target is the " +
				"authentication context " + name + ", and that it requires multifactor authentication",
		})
	}
	// The policy of the mid-tier may be what refused it. Microsoft Graph has none.
	guarded := refused
	if refused {
		if refused, err = request(e.scopes, nil); refused && err == nil {
			guarded, err = request(readScopes(), challenge.ACRS(name))
		}
	}
	switch {
	case err != nil:
		return failed(err)
	case !guarded:
		return warning(&fault.Error{
			Kind: fault.Denied,
			What: "a policy guards the mid-tier, but the authentication context " + name +
				" was issued for Microsoft Graph without a second factor",
			Fix: "check that a policy that is on has the authentication context " + name + " as its target",
		})
	}
	return ok("a policy guards the authentication context " + name)
}
