package aadsts

import "github.com/profilectl/profilectl/internal/fault"

// accountCodes concern the account of the user.
func accountCodes() map[int]meaning {
	const unknown = "the account does not exist in this tenant"
	return map[int]meaning{
		16000: {fault.Denied, unknown, otherAccount()},
		16001: {fault.SignIn, "the account that was chosen in the browser cannot be used", otherAccount()},
		16003: {fault.Denied, unknown, otherAccount()},
		50014: {fault.Denied, unknown, otherAccount()},
		50020: {fault.Denied, "the account belongs to another tenant", otherAccount()},
		50034: {
			fault.Denied, "the account does not exist in this tenant, or the client is not linked to a user flow",
			remedy{fix: "use an existing account", next: fault.DoSignUp},
		},
		500341: {
			fault.Denied, "the account was deleted",
			remedy{fix: "ask the tenant's administrator to restore it", next: fault.DoUseOtherAccount},
		},
		51004: {fault.Denied, unknown, otherAccount()},
		90072: {fault.Denied, unknown, otherAccount()},
		50053: {
			fault.Denied, "the account is locked after too many attempts, or the network is blocked",
			byUser("try again later, and then from another network"),
		},
		50057: {fault.Denied, "the account is disabled", byUser(askAdmin)},
		50105: {fault.Denied, "the account is not assigned to this client", byUser(askAdmin)},
		53011: {fault.Denied, "the account is blocked because it is at risk", byUser(askAdmin)},
		54000: {fault.Denied, "the age group of the account is not allowed", byUser(askAdmin)},
		65004: {fault.Canceled, "it was canceled in the browser", byUser("run the command again")},
	}
}

// passwordCodes concern the password of the user.
func passwordCodes() map[int]meaning {
	const mustChange = "the password must be changed"
	reset := remedy{next: fault.DoResetPassword}
	return map[int]meaning{
		50055: {fault.SignIn, "the password has expired", reset},
		50056: {fault.Denied, "the account has no password", reset},
		50126: {
			fault.Denied, "the email address or the password is wrong",
			remedy{fix: "check both", next: fault.DoResetPassword},
		},
		50135: {fault.SignIn, mustChange, reset},
		50142: {fault.SignIn, mustChange, reset},
		50144: {fault.SignIn, "the password has expired", reset},
	}
}

// policyCodes concern policies of the tenant, or of the network, that a user cannot
// satisfy by signing in.
func policyCodes() map[int]meaning {
	const (
		blocked        = "a security policy blocks it"
		registered     = "a policy requires a device that is registered in the tenant"
		noSuchNetwork  = "this network does not allow sign-ins to the tenant"
		betweenTenants = "a policy between tenants blocks it"
	)
	ask := byUser(askPolicy)
	otherNetwork := byUser("use another network, or ask its administrator to allow the tenant")
	return map[int]meaning{
		50005:  {fault.Denied, "a policy does not allow this operating system", ask},
		50097:  {fault.Denied, registered, ask},
		50129:  {fault.Denied, registered, ask},
		50155:  {fault.Denied, registered, ask},
		50187:  {fault.Denied, registered, ask},
		50131:  {fault.Denied, "a Conditional Access policy blocks this device, network or activity", ask},
		53000:  {fault.Denied, "a policy requires a compliant device", ask},
		53001:  {fault.Denied, "a policy requires a domain-joined device", ask},
		53002:  {fault.Denied, "a policy requires an approved app", ask},
		53003:  {fault.Denied, "a Conditional Access policy blocks it", ask},
		53009:  {fault.Denied, "a policy requires an app with a protection policy", ask},
		530032: {fault.Denied, blocked, ask},
		530034: {fault.Denied, blocked, ask},
		530035: {fault.Denied, blocked, ask},
		500021: {fault.Denied, noSuchNetwork, otherNetwork},
		500022: {fault.Denied, noSuchNetwork, otherNetwork},
		500212: {fault.Denied, betweenTenants, ask},
		500213: {fault.Denied, betweenTenants, ask},
		1100001: {
			fault.Denied, "an extension of the tenant's sign-in or sign-up failed",
			byUser(askAdmin),
		},
	}
}

// secondFactorCodes concern the second factor.
func secondFactorCodes() map[int]meaning {
	stepUp := remedy{next: fault.DoStepUp}
	return map[int]meaning{
		50072:  {fault.StepUp, "a second factor must be set up", stepUp},
		50074:  {fault.StepUp, "a second factor is needed", stepUp},
		50076:  {fault.StepUp, "a second factor is needed", stepUp},
		50078:  {fault.StepUp, "the second factor has expired", stepUp},
		50079:  {fault.StepUp, "a second factor must be set up", stepUp},
		50158:  {fault.StepUp, "an external second factor is needed", stepUp},
		500121: {fault.StepUp, "the second factor was not accepted", byUser("try again")},
		53004: {
			fault.Denied, "a second factor must be set up, and the account or the sign-in is at risk",
			byUser("ask the tenant's administrator to set it up, and give the correlation id"),
		},
		53010: {
			fault.Denied, "a second factor must be set up, and a policy does not allow that from here",
			byUser("ask the tenant's administrator from which network or device it can be set up"),
		},
		50088: {
			fault.Unavailable, "the limit of messages for second factors is reached",
			byUser(tryLater),
		},
	}
}

// sessionCodes concern a sign-in that has ended or cannot be completed.
func sessionCodes() map[int]meaning {
	const pkce = "the authorization code belongs to another sign-in (PKCE)"
	typePassword := remedy{next: fault.DoTypePassword}
	return map[int]meaning{
		54005:  {fault.SignIn, "the authorization code was already used", signIn()},
		700005: {fault.SignIn, "the authorization code is of another tenant", signIn()},
		50148:  {fault.SignIn, pkce, signIn()},
		501481: {fault.SignIn, pkce, signIn()},
		70000:  {fault.SignIn, "the sign-in is no longer valid", signIn()},
		70008:  {fault.SignIn, "the sign-in has expired", signIn()},
		70043:  {fault.SignIn, "the sign-in has expired", signIn()},
		700082: {fault.SignIn, "the sign-in has expired because it was not used", signIn()},
		700084: {fault.SignIn, "the sign-in has expired", signIn()},
		50173:  {fault.SignIn, "the sign-in was revoked, for instance by a new password", signIn()},
		50058:  {fault.SignIn, "no user is signed in at the browser", signIn()},
		50085:  {fault.SignIn, "the sign-in of the external identity provider has expired", signIn()},
		50089:  {fault.SignIn, "the sign-in took too long", signIn()},
		50132:  {fault.SignIn, "the browser's session is no longer valid", typePassword},
		50133:  {fault.SignIn, "the browser's session has expired", typePassword},
		50139:  {fault.SignIn, "the browser's session is no longer valid", typePassword},
		50140:  {fault.SignIn, `the question "Stay signed in?" was not answered`, signIn()},
		50199:  {fault.SignIn, "the question whether you trust this app was not answered", signIn()},
		70016:  {fault.SignIn, "the code of the other device was not entered yet", byUser("enter it on the page")},
		70018:  {fault.SignIn, "the code of the other device is not valid", byUser(newCode)},
		70019:  {fault.SignIn, "the code has expired", byUser(newCode)},
		70020:  {fault.SignIn, "the code has expired", byUser(newCode)},
	}
}

// temporaryCodes concern failures that end without a change.
func temporaryCodes() map[int]meaning {
	const (
		unavailable = "the identity provider is temporarily unavailable"
		external    = "the external identity provider failed"
	)
	soon := byUser(tryInMinute)
	otherWay := byUser("try again; if it fails again, choose another way to sign in on the page")
	return map[int]meaning{
		20001: {fault.Unavailable, external, otherWay},
		20012: {fault.Unavailable, external, otherWay},
		40008: {fault.Unavailable, external, otherWay},
		40009: {fault.Unavailable, external, otherWay},
		40010: {fault.Unavailable, external, otherWay},
		40015: {fault.Unavailable, external, otherWay},
		50033: {fault.Unavailable, unavailable, soon},
		50087: {fault.Unavailable, unavailable, soon},
		90033: {fault.Unavailable, unavailable, soon},
		50196: {
			fault.Unavailable, "the tenant has detected a sign-in loop",
			remedy{fix: "wait five minutes", next: fault.DoSignIn},
		},
	}
}
