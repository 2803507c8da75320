package aadsts

import "github.com/profilectl/profilectl/internal/fault"

// reportedCodes are codes that users of External ID and of Microsoft Graph have reported,
// and that a setup with mistakes, an extension, or a Microsoft app as the client causes.
func reportedCodes() map[int]meaning {
	const personal = "this sign-in does not accept personal Microsoft accounts"
	own := byOperator("register an application of the tenant for it, and use its client ID")
	signingKey := byOperator("in the API's app registration, set api.acceptMappedClaims in the manifest, " +
		"or remove the claims mapping")
	return map[int]meaning{
		65002: {
			fault.Denied, "the client is an app of Microsoft that may not request these permissions", own,
		},
		131010: {
			fault.Denied, "a policy of the tenant does not allow this account here",
			byUser("sign in again in a minute; if it fails again, " + askPolicy),
		},
		500202: {fault.Denied, personal, otherAccount()},
		500200: {fault.Denied, personal, otherAccount()},
		500014: {
			fault.Denied, "the API is disabled in this tenant",
			byOperator("in the API's enterprise application, allow users to sign in"),
		},
		90009: {
			fault.Denied, "the client requests a token for itself",
			byOperator("give the mid-tier a registration of its own, and set edit-scope to its scope"),
		},
		50146:  {fault.Denied, "the API needs a signing key of its own for its claims", signingKey},
		501461: {fault.Denied, "the API does not accept mapped claims", signingKey},
		50048: {
			fault.Denied, "the client assertion belongs to another client",
			byOperator("check client-id against the client of the certificate or token"),
		},
		700021: {
			fault.Denied, "the client assertion belongs to another client",
			byOperator("check client-id against the client of the certificate or token"),
		},
		501661: {
			fault.Denied, "the tenant cannot reach the issuer of this workload's token",
			byOperator("make the OpenID configuration and the keys of the issuer reachable from the internet"),
		},
		50125: {fault.SignIn, "the password must be changed", remedy{next: fault.DoResetPassword}},
		50143: {fault.SignIn, "the browser's session belongs to another tenant", remedy{next: fault.DoTypePassword}},
		50197: {fault.Denied, "the account could not be found", otherAccount()},
	}
}

// extensionCodes are the failures of a custom authentication extension, such as an email
// provider or a check at sign-up (learn.microsoft.com, "Troubleshoot a custom
// authentication extension"). Users see AADSTS1100001; the sign-in log has these.
func extensionCodes() map[int]meaning {
	const (
		extension = "an extension of the tenant's sign-in or sign-up "
		page      = "look at the log of the extension; the sign-in log has the call"
	)
	look := byOperator(page)
	all := map[int]meaning{
		1003004: {
			fault.Unavailable, extension + "was called too often", byUser(tryInMinute),
		},
		1003005: {
			fault.Denied, extension + "did not respond within two seconds",
			byOperator("make the extension respond faster, and keep it running between calls"),
		},
		1003011: {
			fault.Denied, extension + "does not exist",
			byOperator("remove the event listener that names it, or create the extension"),
		},
		1003014: {
			fault.Denied, extension + "has an App ID URI that is not valid",
			byOperator("set the App ID URI of its registration to api://<host name>/<client ID>"),
		},
	}
	for _, code := range []int{1003000, 1003001} {
		all[code] = meaning{fault.Denied, extension + "failed", look}
	}
	for _, code := range []int{1003002, 1003003, 1003006, 1003007, 1003008, 1003009, 1003010, 1003012} {
		all[code] = meaning{fault.Denied, extension + "returned a response that is not valid", look}
	}
	return all
}

// moreRequestCodes concern the form of a request, like requestCodes.
func moreRequestCodes() map[int]meaning {
	const (
		parameter    = "a parameter of the request is not valid"
		responseType = "the tenant does not accept this kind of response for the client"
	)
	report := remedy{
		fix:         "check whether a proxy changes requests",
		next:        fault.DoReport,
		forOperator: true,
	}
	return map[int]meaning{
		50147:   {fault.Denied, parameter, report},
		501491:  {fault.Denied, parameter, report},
		700007:  {fault.Denied, parameter, report},
		700009:  {fault.Denied, "the redirect URI differs from that of the sign-in", report},
		700051:  {fault.Denied, responseType, report},
		700054:  {fault.Denied, responseType, report},
		90004:   {fault.Denied, "the request is malformed", report},
		90005:   {fault.Denied, parameter, report},
		90015:   {fault.Denied, "the address of the request is too long", report},
		90023:   {fault.Denied, parameter, report},
		90100:   {fault.Denied, parameter, report},
		900971:  {fault.Denied, "the request has no redirect URI", report},
		9000411: {fault.Denied, "the request has a parameter twice", report},
		9002325: {fault.Denied, "the request lacks its code challenge (PKCE)", report},
		240002:  {fault.Denied, "an ID token was sent instead of an access token", report},
		500112:  {fault.Denied, "the redirect URI differs from that of the sign-in", report},
		28002:   {fault.Denied, "the scope is not valid", byOperator(checkScope)},
		700023:  {fault.Denied, "the scope is not valid", byOperator(checkScope)},
		1002012: {
			fault.Denied, "a token for the application itself was requested with a scope other than /.default",
			report,
		},
	}
}

// moreTemporaryCodes concern failures that end without a change.
func moreTemporaryCodes() map[int]meaning {
	const unavailable = "the identity provider is temporarily unavailable"
	soon := byUser(tryInMinute)
	return map[int]meaning{
		90006: {fault.Unavailable, unavailable, soon},
		90012: {fault.Unavailable, "the request took the tenant too long", soon},
		90024: {fault.Unavailable, unavailable, soon},
		90055: {fault.Unavailable, "the tenant receives too many requests", soon},
		90090: {fault.Unavailable, unavailable, soon},
	}
}

// reportedCauses are the likely causes of the codes of this file.
func reportedCauses() []cause {
	return []cause{
		{
			"the client id is that of Azure CLI, Graph PowerShell or another app of Microsoft, which lacks the " +
				"preauthorization for a permission",
			[]int{65002},
		},
		{
			"public reports have it right after a sign-up, whose account then works in a new session; " +
				"otherwise a policy excludes the account",
			[]int{131010},
		},
		{
			"an outlook.com, hotmail.com or live.com account was used at the endpoint for every tenant (common)",
			[]int{500200, 500202},
		},
		{"an administrator switched sign-in off for the API, or a subscription of the tenant has ended", []int{500014}},
		{"edit-scope names the client itself, or the client and the mid-tier share a registration", []int{90009}},
		{"a claims mapping policy is assigned to the API", []int{50146, 501461}},
		{"client-id and the certificate or federated token were taken from two registrations", []int{50048, 700021}},
		{"the issuer is a private cluster or server, or was down for a moment", []int{501661}},
		{"an administrator reset the password", []int{50125}},
		{"the browser is signed in to another tenant", []int{50143}},
		{"two accounts have the same address, or the account was created seconds ago", []int{50197}},
		{
			"the extension's code, its answer, or the registration that protects it has a mistake",
			[]int{
				1003000, 1003001, 1003002, 1003003, 1003006, 1003007, 1003008, 1003009, 1003010, 1003011,
				1003012, 1003014,
			},
		},
		{"the extension was not running and had to start first, or waits for a slow service", []int{1003005}},
		{"many users sign up at once", []int{1003004}},
		{
			"a proxy between this machine and the tenant removes or changes parameters, or this is a bug",
			[]int{
				240002, 50147, 500112, 501491, 700007, 700009, 700051, 700054, 90004, 90005, 90015, 90023, 90100,
				900971, 9000411, 9002325, 1002012,
			},
		},
		{"edit-scope lacks the App ID URI or the name of the scope", []int{28002, 700023}},
		{"an outage of Microsoft's service", []int{90006, 90012, 90024, 90090}},
		{"more sign-ins than the limit of the tenant: 200 requests a second, 20 for a trial", []int{90055}},
	}
}
