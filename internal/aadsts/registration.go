package aadsts

import "github.com/profilectl/profilectl/internal/fault"

// checkSettings is the remedy if client-id or authority can be wrong.
func checkSettings() remedy {
	return remedy{
		fix:         "correct client-id or authority",
		next:        fault.DoCheckSettings,
		forOperator: true,
	}
}

// clientCodes concern the registration of the client.
func clientCodes() map[int]meaning {
	const (
		spa       = "the redirect URI is registered for a single-page application"
		notInHere = "the client is not registered in this tenant"
	)
	return map[int]meaning{
		50011:   {fault.Denied, "the redirect URI is not registered for this client", byOperator(addRedirectURI)},
		500113:  {fault.Denied, "no redirect URI is registered for this client", byOperator(addRedirectURI)},
		9002326: {fault.Denied, spa, byOperator(addRedirectURI)},
		9002327: {fault.Denied, spa, byOperator(addRedirectURI)},
		7000218: {
			fault.Denied, "the client is registered as confidential, or public client flows are off",
			byOperator(addRedirectURI + ", and allow public client flows"),
		},
		700016: {fault.Denied, notInHere, checkSettings()},
		700011: {fault.Denied, notInHere, checkSettings()},
		70001:  {fault.Denied, "the client is disabled, or not registered in this tenant", checkSettings()},
		700025: {fault.Denied, "the client is public but a secret was sent", checkSettings()},
		700038: {fault.Denied, "the client id is not valid", checkSettings()},
		7000112: {
			fault.Denied, "the client is disabled in this tenant",
			byOperator("in the client's enterprise application, allow users to sign in"),
		},
		7000229: {
			fault.Denied, "the client has no service principal in this tenant",
			byOperator(grantClient + ", which creates it"),
		},
	}
}

// tenantCodes concern the tenant that the authority names.
func tenantCodes() map[int]meaning {
	const noTenant = "the authority does not name a tenant"
	return map[int]meaning{
		50049:  {fault.Usage, "the tenant does not know this authority", checkSettings()},
		50059:  {fault.Usage, noTenant, checkSettings()},
		50128:  {fault.Usage, noTenant, checkSettings()},
		50194:  {fault.Usage, noTenant, checkSettings()},
		900023: {fault.Usage, noTenant, checkSettings()},
		90002:  {fault.Usage, "the tenant does not exist", checkSettings()},
		500210: {fault.Usage, "the custom domain belongs to another tenant", checkSettings()},
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
	register := byOperator("check edit-scope, and that the API has a service principal and this App ID URI")
	return map[int]meaning{
		500011: {fault.Denied, "the API is not registered in this tenant", register},
		50001:  {fault.Denied, "the API is disabled, or not registered in this tenant", register},
		650054: {fault.Denied, "the API is no longer registered in this tenant", register},
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
				"Microsoft Graph User.ReadWrite in the mid-tier's app registration, " +
				"and for a change of the password Directory.AccessAsUser.All"),
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
	upload := byOperator("upload the certificate to the mid-tier's app registration")
	return map[int]meaning{
		70002:   {fault.Denied, "the client secret is wrong", byOperator(valueNotID)},
		7000215: {fault.Denied, "the client secret is wrong", byOperator(valueNotID)},
		7000222: {fault.Denied, "the client secret has expired", byOperator(valueNotID)},
		700024: {
			fault.Denied, "the client assertion is outside its time range",
			byOperator("check the mid-tier's clock"),
		},
		50012:  {fault.Denied, "the client certificate is not accepted", upload},
		700027: {fault.Denied, "the client certificate is not registered", upload},
		700030: {fault.Denied, "the subject of the client certificate is not accepted", upload},
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

// requestCodes concern the form of a request: a bug, or a proxy that changed it.
func requestCodes() map[int]meaning {
	const incomplete = "the request lacks a parameter"
	report := remedy{
		fix:         "check whether a proxy changes requests",
		next:        fault.DoReport,
		forOperator: true,
	}
	return map[int]meaning{
		28003:   {fault.Denied, incomplete, report},
		90014:   {fault.Denied, incomplete, report},
		900144:  {fault.Denied, incomplete, report},
		9002313: {fault.Denied, "the request is malformed", report},
		900561:  {fault.Denied, "the tenant does not accept the method of the request", report},
		901002:  {fault.Denied, "the tenant does not accept the parameter resource", report},
		70003:   {fault.Denied, "the tenant does not accept this kind of request", report},
		70005:   {fault.Denied, "the tenant does not accept this kind of response", report},
		70007:   {fault.Denied, "the tenant does not accept this way to return a response", report},
		1002016: {
			fault.Denied, "the connection to the tenant uses an old version of TLS",
			byOperator("check whether a proxy speaks TLS 1.2 or newer to the tenant"),
		},
	}
}
