package doctor

import (
	"context"

	"github.com/profilectl/profilectl/internal/fault"
)

// noConsent is the code of Entra for a missing consent.
func noConsent() []int { return []int{65001} }

// consentFault is the fault of an exchange without consent for a permission.
func (e *operation) consentFault(err error, permission string) *fault.Error {
	f := fault.As(err)
	return &fault.Error{
		Kind: fault.Denied,
		What: f.What,
		Fix: "run `az ad app permission admin-consent --id " + e.probe.ClientID() +
			"`, after the Microsoft Graph permission " + permission + " was added to the mid-tier",
		CorrelationID: f.CorrelationID,
		Err:           err,
	}
}

// checkPasswords reports whether the mid-tier may change passwords on behalf of users. It
// changes none.
func (e *operation) checkPasswords(ctx context.Context) Result {
	if !e.probe.ChangesPasswords() {
		return skipped("users may not change their password")
	}
	_, err := e.probe.ExchangeForPasswords(ctx, e.token)
	switch {
	case hasCode(err, noConsent()):
		return failed(e.consentFault(err, "Directory.AccessAsUser.All (delegated)"))
	case err != nil:
		return failed(err)
	}
	return ok("the mid-tier may change the user's password at Microsoft Graph")
}

// checkConsent reports whether the mid-tier may act for users at Microsoft Graph. Only a
// real exchange shows it.
func (e *operation) checkConsent(ctx context.Context) Result {
	_, err := e.exchange(ctx)
	switch {
	case hasCode(err, noConsent()):
		return failed(e.consentFault(err, "User.ReadWrite"))
	case err != nil:
		return skipped("the exchange failed for another reason")
	}
	return ok("the mid-tier may change the user's profile at Microsoft Graph")
}
