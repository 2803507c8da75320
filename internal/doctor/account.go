package doctor

import (
	"context"
	"errors"
	"slices"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
)

// readScopes are the scopes of the checks that only read; those of the sign-in itself are
// added.
func readScopes() []string { return []string{"User.Read"} }

func (e *examination) editScopes() []string { return []string{e.settings.Text("edit-scope")} }

// signedIn returns the checks with a signed-in account.
func (e *examination) signedIn() []Check {
	const account, clientType = "account.signed-in", "client.type"
	return []Check{
		{ID: account, Needs: []string{"keyring.roundtrip"}, Run: e.checkAccount},
		{ID: clientType, Link: pageRedirect, Needs: []string{account}, Run: e.checkClientType},
		{ID: "client.consent", Link: pageConsent, Needs: []string{clientType}, Run: e.checkConsent},
		{ID: "scope.edit", Link: pageConsent, Needs: []string{clientType}, Run: e.checkScope},
		{ID: "userflow.linked", Link: pageFlow, Needs: []string{account}, Run: e.checkUserFlow},
		{ID: "graph.read", Needs: []string{"client.consent"}, Run: e.checkRead},
		{ID: "mfa.enforced", Link: pagePolicy, Needs: []string{"scope.edit"}, Run: e.checkMFA},
	}
}

// checkAccount finds the account to check, and notes whether its sign-in may have used
// a second factor: only then has a token for edits been stored.
func (e *examination) checkAccount(ctx context.Context) Result {
	var err error
	if e.auth, e.account, err = e.Accounts(ctx, e.authority); err != nil {
		if f := fault.As(err); f.Kind == fault.SignIn {
			return skippedWith(f)
		}
		return failed(err)
	}
	if e.settings.Configured("edit-scope") {
		if e.steppedUp, err = e.auth.HasHad(ctx, e.account, e.editScopes()[0]); err != nil {
			return failed(err)
		}
	}
	return ok("an account is signed in")
}

// typeCodes are the codes of Entra for a client of the wrong type.
func typeCodes() []int { return []int{700025, 7000218, 9002326, 9002327} }

// checkClientType requests a new token for reading, so that the tenant decides and not the
// cache. A client that is registered as confidential or as a single-page application
// cannot do that.
func (e *examination) checkClientType(ctx context.Context) Result {
	e.read.token, e.read.challenge, e.read.err = e.auth.Probe(ctx, e.account, readScopes(), nil)
	if hasCode(e.read.err, typeCodes()) {
		return failed(e.read.err)
	}
	return ok("the client is registered for public use")
}

func (e *examination) checkConsent(context.Context) Result {
	switch {
	case e.read.err != nil:
		return failed(e.read.err)
	case e.read.challenge != nil:
		return skipped("a policy requires a second factor for Microsoft Graph")
	}
	return ok("the client may read the profile")
}

// checkScope requests a token for edits without a user. That a second factor is needed
// is the normal answer.
func (e *examination) checkScope(ctx context.Context) Result {
	if !e.settings.Configured("edit-scope") {
		return skipped("edit-scope is not configured")
	}
	e.edit.token, e.edit.challenge, e.edit.err = e.auth.Probe(ctx, e.account, e.editScopes(), nil)
	if e.edit.err != nil {
		return failed(e.edit.err)
	}
	return ok("the mid-tier exposes the scope, and the client may request it")
}

// checkUserFlow reports that no response shows the user flow to a client: the tenant also
// serves a client without one, whose sign-in page only lacks the sign-up.
func (e *examination) checkUserFlow(context.Context) Result {
	return skippedWith(&fault.Error{
		Kind: fault.Denied,
		What: "no response shows whether the client is linked to a user flow",
		Fix:  "look at the sign-in page: without a user flow, it offers no sign-up",
		Next: fault.DoPlanSetup,
	})
}

func (e *examination) checkRead(ctx context.Context) Result {
	client := graph.Client{Base: e.settings.Text("graph"), HTTP: e.http}
	if _, err := client.Me(ctx, e.read.token.Access, "id"); err != nil {
		return failed(err)
	}
	return ok("Microsoft Graph returned the profile")
}

// checkMFA evaluates the request for a token for edits: after a sign-in with a password
// alone, the policy must have rejected it.
func (e *examination) checkMFA(context.Context) Result {
	switch {
	case e.edit.challenge != nil:
		return ok("an edit requires a second factor")
	case e.steppedUp:
		return steppedUp()
	}
	return failed(&fault.Error{
		Kind: fault.Denied,
		What: "the tenant issued a token for edits without a second factor",
		Fix: "check that a Conditional Access policy is on and not in report-only mode, that it includes all " +
			"users and the app of the mid-tier, and that it requires multifactor authentication; " +
			"if the sign-in itself used a second factor, sign in with a password alone and check again",
		Next:        fault.DoPlanSetup,
		ForOperator: true,
	})
}

// steppedUp is the result of a check that needs a sign-in with a password alone.
func steppedUp() Result {
	return skippedWith(&fault.Error{
		Kind: fault.SignIn,
		What: "the sign-in may already have used a second factor",
		Fix:  "to check the policy, sign out, and sign in with a password alone",
	})
}

// hasCode reports whether err is an error of Entra with one of the codes.
func hasCode(err error, codes []int) bool {
	e, ok := errors.AsType[*aadsts.Error](err)
	return ok && slices.ContainsFunc(e.Codes, func(code int) bool { return slices.Contains(codes, code) })
}
