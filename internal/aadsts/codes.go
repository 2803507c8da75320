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

// remedy is the part of a fault that says what to do next.
type remedy struct {
	fix         string
	next        fault.Action
	forOperator bool
}

// byUser, byOperator and signIn are the common remedies.
func byUser(fix string) remedy     { return remedy{fix: fix} }
func byOperator(fix string) remedy { return remedy{fix: fix, forOperator: true} }
func signIn() remedy               { return remedy{next: fault.DoSignIn} }

// Advice for several codes.
const (
	addRedirectURI = "in the app registration, add the redirect URI http://localhost under " +
		`"Mobile and desktop applications"`
	askAdmin    = "ask the tenant's administrator and give the correlation id"
	checkScope  = "check edit-scope against the scopes that the API exposes"
	grantClient = "in the client's app registration, grant admin consent for its permissions"
	oneAPI      = "request the scopes of one API at a time"
	tryLater    = "try again later"
	valueNotID  = "create a new client secret for the mid-tier and use its value, not its id"
)

// meanings returns the meaning of each code that profilectl can meet. The codes
// are explained in learn.microsoft.com, "Microsoft Entra authentication and
// authorization error codes"; the advice is this project's.
var meanings = sync.OnceValue(func() map[int]meaning {
	all := map[int]meaning{}
	for _, codes := range []map[int]meaning{
		clientCodes(), apiCodes(), credentialCodes(), accountCodes(), secondFactorCodes(), sessionCodes(),
	} {
		maps.Copy(all, codes)
	}
	return all
})

// Codes returns every code with a known meaning in ascending order, for tests that
// must cover all of them.
func Codes() []int { return slices.Sorted(maps.Keys(meanings())) }

// clientCodes concern the registration of the client, and the tenant it is in.
func clientCodes() map[int]meaning {
	const spa = "the redirect URI is registered for a single-page application"
	check := remedy{fix: "correct client-id or authority", next: fault.DoCheckSettings, forOperator: true}
	return map[int]meaning{
		50011:   {fault.Denied, "the redirect URI is not registered for this client", byOperator(addRedirectURI)},
		500113:  {fault.Denied, "no redirect URI is registered for this client", byOperator(addRedirectURI)},
		9002326: {fault.Denied, spa, byOperator(addRedirectURI)},
		9002327: {fault.Denied, spa, byOperator(addRedirectURI)},
		7000218: {
			fault.Denied, "the client is registered as confidential, or public client flows are off",
			byOperator(addRedirectURI + ", and allow public client flows"),
		},
		700016: {fault.Denied, "the client is not registered in this tenant", check},
		700025: {fault.Denied, "the client is public but a secret was sent", check},
		700038: {fault.Denied, "the client id is not valid", check},
		50049:  {fault.Usage, "the tenant does not know this authority", check},
		90002:  {fault.Usage, "the tenant does not exist", check},
		500210: {fault.Usage, "the custom domain belongs to another tenant", check},
		500208: {
			fault.Denied, "this sign-in page does not accept customer accounts",
			byOperator("use the tenant's ciamlogin.com authority"),
		},
	}
}

// apiCodes concern the registration of the API, its scopes, and consent.
func apiCodes() map[int]meaning {
	const (
		twoAPIs      = "scopes of two APIs were requested at once"
		adminConsent = "an administrator's consent is required"
	)
	grant := byOperator(grantClient)
	return map[int]meaning{
		500011: {
			fault.Denied, "the API is not registered in this tenant",
			byOperator("check edit-scope, and that the API has a service principal and this App ID URI"),
		},
		500207: {
			fault.Denied, "this kind of account cannot use the API",
			byOperator("register the API as single-tenant"),
		},
		650053: {fault.Denied, "the API has no such scope", byOperator(checkScope)},
		70011:  {fault.Denied, "the scope is not valid", byOperator(checkScope)},
		28000:  {fault.Usage, twoAPIs, byUser(oneAPI)},
		700022: {fault.Usage, twoAPIs, byUser(oneAPI)},
		65001: {
			fault.Denied, "consent is missing",
			byOperator(grantClient + "; if the edit fails and not the sign-in, grant it for " +
				"Microsoft Graph User.ReadWrite in the mid-tier's app registration"),
		},
		65005:   {fault.Denied, "the client needs a permission that is not registered", grant},
		90094:   {fault.Denied, adminConsent, grant},
		90095:   {fault.Denied, adminConsent, grant},
		650052:  {fault.Denied, "the client lacks a service principal for the API", grant},
		650056:  {fault.Denied, "the registration of the client is incomplete", grant},
		650057:  {fault.Denied, "the client is not registered for this API", grant},
		7000114: {fault.Denied, "the mid-tier may not act on behalf of users", byOperator(askAdmin)},
	}
}

// credentialCodes concern the credential of the mid-tier, and the token that it
// exchanges.
func credentialCodes() map[int]meaning {
	trust := byOperator("in the mid-tier's app registration, add a federated credential with the token's " +
		"issuer and subject, and the audience api://AzureADTokenExchange")
	return map[int]meaning{
		7000215: {fault.Denied, "the client secret is wrong", byOperator(valueNotID)},
		7000222: {fault.Denied, "the client secret has expired", byOperator(valueNotID)},
		700024: {
			fault.Denied, "the client assertion is outside its time range",
			byOperator("check the mid-tier's clock"),
		},
		700027: {
			fault.Denied, "the client certificate is not registered",
			byOperator("upload the certificate to the mid-tier's app registration"),
		},
		70021:  {fault.Denied, "the tenant does not trust this workload's token", trust},
		700211: {fault.Denied, "the tenant does not trust the issuer of this workload's token", trust},
		700212: {fault.Denied, "this workload's token is not meant for the tenant", trust},
		700213: {fault.Denied, "the tenant does not trust this workload's token", trust},
		50013: {
			fault.Denied, "the assertion is not valid",
			byUser("send the access token for the mid-tier unchanged"),
		},
		500131: {
			fault.Denied, "the assertion is meant for another API",
			byUser("request the mid-tier's own scope, api://<client id>/EditProfileService.ReadWrite"),
		},
		500133: {
			fault.SignIn, "the assertion has expired, or a clock is wrong",
			remedy{fix: "check the clock", next: fault.DoSignIn},
		},
	}
}

// accountCodes concern the account of the user, and policies.
func accountCodes() map[int]meaning {
	const policy = "a security policy blocks it"
	return map[int]meaning{
		50020: {
			fault.Denied, "the account belongs to another tenant",
			byUser("sign in with a customer account of this tenant"),
		},
		50034: {
			fault.Denied, "the account does not exist in this tenant, or the client is not linked to a user flow",
			remedy{fix: "use an existing account", next: fault.DoSignUp},
		},
		50053:  {fault.Denied, "the account is locked after too many attempts", byUser(tryLater)},
		50055:  {fault.SignIn, "the password has expired", signIn()},
		50057:  {fault.Denied, "the account is disabled", byUser(askAdmin)},
		50105:  {fault.Denied, "the account is not assigned to this client", byUser(askAdmin)},
		50126:  {fault.Denied, "the email address or the password is wrong", signIn()},
		53003:  {fault.Denied, "a Conditional Access policy blocks it", byUser(askAdmin)},
		530032: {fault.Denied, policy, byUser(askAdmin)},
		530035: {fault.Denied, policy, byUser(askAdmin)},
		65004:  {fault.Canceled, "it was canceled in the browser", byUser("run the command again")},
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
		50088: {
			fault.Unavailable, "the limit of messages for second factors is reached",
			byUser(tryLater),
		},
	}
}

// sessionCodes concern a sign-in that has ended or cannot be completed.
func sessionCodes() map[int]meaning {
	const pkce = "the authorization code belongs to another sign-in (PKCE)"
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
		50132:  {fault.SignIn, "the browser's session is no longer valid", signIn()},
		50133:  {fault.SignIn, "the browser's session has expired", signIn()},
		50196: {
			fault.Unavailable, "the tenant has detected a sign-in loop",
			remedy{fix: "wait five minutes", next: fault.DoSignIn},
		},
		90033: {
			fault.Unavailable, "the identity provider is temporarily unavailable",
			byUser("try again in a minute"),
		},
	}
}
