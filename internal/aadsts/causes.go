package aadsts

import "sync"

// A cause is the most likely reason for some codes in the setup that profilectl
// needs: a public client, a mid-tier with its own registration, a user flow, and a
// Conditional Access policy.
type cause struct {
	text  string
	codes []int
}

// causes returns the likely cause of each code. A test checks that none is missing.
var causes = sync.OnceValue(func() map[int]string {
	all := map[int]string{}
	for _, list := range [][]cause{
		registrationCauses(),
		credentialCauses(),
		requestCauses(),
		accountCauses(),
		policyCauses(),
		sessionCauses(),
		temporaryCauses(),
		reportedCauses(),
	} {
		for _, c := range list {
			for _, code := range c.codes {
				all[code] = c.text
			}
		}
	}
	return all
})

// registrationCauses are mistakes in the registrations of the client and the API.
func registrationCauses() []cause {
	return []cause{
		{
			"the client id or the authority has a typing error, or the client was registered in another tenant",
			[]int{70001, 700011, 700016, 700038},
		},
		{"the subdomain or the tenant id in the authority has a typing error", []int{90002}},
		{
			"the authority ends in common, organizations or consumers, or lacks the tenant",
			[]int{50059, 50128, 50194, 900023},
		},
		{
			"a library asked login.microsoftonline.com about a ciamlogin.com host (instance discovery)",
			[]int{50049},
		},
		{"the authority combines a custom domain with the id of another tenant", []int{500210}},
		{
			"the redirect URI http://localhost is missing, or is registered as http://127.0.0.1 or with a path",
			[]int{50011, 500113},
		},
		{
			`http://localhost is registered under "Web", or public client flows are off, which device codes need`,
			[]int{7000218},
		},
		{
			`http://localhost is registered under "Single-page application"`,
			[]int{9002326, 9002327},
		},
		{
			"the mid-tier has no service principal, or edit-scope names an App ID URI that it does not have",
			[]int{50001, 500011, 650054},
		},
		{"edit-scope names a scope that the mid-tier does not expose", []int{650053, 70011}},
		{
			"admin consent was not granted: for the client's permissions, or for the mid-tier's " +
				"User.ReadWrite, which Microsoft's documentation leaves out; for changes of passwords, " +
				"the mid-tier also needs Directory.AccessAsUser.All (delegated)",
			[]int{65001, 90094, 90095},
		},
		{
			"the permission is not listed in the client's registration, or the registration was copied between tenants",
			[]int{65005, 650052, 650056, 650057, 7000229},
		},
		{"the API is registered for several tenants; customers can only use single-tenant APIs", []int{500207}},
		{"an administrator switched sign-in off for the enterprise application", []int{7000112}},
		{`the enterprise application has "Assignment required" switched on`, []int{50105}},
	}
}

// credentialCauses are mistakes in the credential of the mid-tier.
func credentialCauses() []cause {
	return []cause{
		{"the id of the secret was pasted instead of its value, or the secret was deleted", []int{70002, 7000215}},
		{"client secrets last for two years at most", []int{7000222}},
		{"the registration has another certificate than the mid-tier", []int{50012, 700027, 700030}},
		{"the clock of the mid-tier's machine is wrong by more than five minutes", []int{700024}},
		{"the client is a public client, and a secret or certificate is configured for it", []int{700025}},
		{
			"the federated credential names another issuer, subject or audience than the workload's token",
			[]int{70021, 700211, 700212, 700213},
		},
		{"the assertion is an app-only token, or the mid-tier is not allowed to act for users", []int{7000114}},
		{
			"the mid-tier got a token for Microsoft Graph or an ID token instead of an access token for itself",
			[]int{50013, 500131},
		},
		{"a request was sent later than the token's lifetime, or the clocks differ", []int{500133}},
	}
}

// requestCauses are requests that no setup explains.
func requestCauses() []cause {
	return []cause{
		{
			"a proxy between this machine and the tenant removes or changes parameters, or this is a bug",
			[]int{28003, 70003, 70005, 70007, 90014, 900144, 900561, 901002, 9002313},
		},
		{"scopes of the mid-tier and of Microsoft Graph were requested in one token request", []int{28000, 700022}},
		{"a proxy or an old TLS library offers TLS 1.0 or 1.1", []int{1002016}},
	}
}

// accountCauses concern the account that signs in.
func accountCauses() []cause {
	return []cause{
		{
			"the browser is signed in with an account of another tenant, such as a work account",
			[]int{16000, 16001, 16003, 50014, 50020, 51004, 90072},
		},
		{
			"the address has a typing error, or the client is not linked to a user flow and offers no sign-up",
			[]int{50034},
		},
		{"the password was mistyped, or the account signs in with a code or another provider", []int{50056, 50126}},
		{"the sign-in was made at login.microsoftonline.com instead of ciamlogin.com", []int{500208}},
		{"ten wrong passwords lock an account for a minute, and longer each time", []int{50053}},
		{"an administrator disabled the account", []int{50057}},
		{"an administrator deleted the account within the last 30 days", []int{500341}},
		{"an administrator set a password or its lifetime ended", []int{50055, 50135, 50142, 50144}},
		{"Microsoft's risk detection marked the account or the sign-in", []int{53004, 53011}},
		{"the tenant asks for the age and the account is under it", []int{54000}},
		{"the user chose Cancel on the page", []int{65004}},
		{"a custom authentication extension of the user flow returned an error or took too long", []int{1100001}},
	}
}

// policyCauses are policies that apply to the request.
func policyCauses() []cause {
	return []cause{
		{
			"a Conditional Access policy requires multifactor authentication for the API of the scope",
			[]int{50074, 50076, 50078, 50158},
		},
		{"the account has not registered a second factor yet", []int{50072, 50079}},
		{"the code was wrong or came too late", []int{500121}},
		{"a policy has a control other than multifactor authentication, such as Block access", []int{53003}},
		{"a policy that registers security information excludes this network or device", []int{53010}},
		{
			"a policy made for employees (device state, approved apps) includes customers too",
			[]int{50005, 50097, 50129, 50131, 50155, 50187, 53000, 53001, 53002, 53009},
		},
		{"the tenant uses security defaults or policies that Microsoft manages", []int{530032, 530034, 530035}},
		{"a company proxy restricts tenants, or the tenant restricts access from others",
			[]int{500021, 500022, 500212, 500213}},
	}
}

// sessionCauses are sign-ins that ended.
func sessionCauses() []cause {
	return []cause{
		{"the password was changed, or an administrator revoked the sign-ins", []int{50173, 70000, 70008}},
		{"the sign-in was not used for longer than the tenant allows", []int{70043, 700082, 700084}},
		{"the browser has no session with the tenant, or blocks its cookies", []int{50058, 50132, 50133, 50139}},
		{"a page was left open for too long, or closed before its last question", []int{50085, 50089, 50140, 50199}},
		{
			"two sign-ins ran at the same time, the page was reloaded, or a proxy repeated a request",
			[]int{50148, 501481, 54005, 700005},
		},
		{"the code was entered too late, mistyped, or not entered yet", []int{70016, 70018, 70019, 70020}},
		{"a script signs in again and again although each sign-in succeeds", []int{50196}},
	}
}

// temporaryCauses are failures that pass.
func temporaryCauses() []cause {
	return []cause{
		{
			"Google, Facebook or another provider returned an error or is configured with a wrong secret",
			[]int{20001, 20012, 40008, 40009, 40010, 40015},
		},
		{"an outage of Microsoft's service", []int{50033, 50087, 90033}},
		{"too many codes were sent by text message or call", []int{50088}},
	}
}
