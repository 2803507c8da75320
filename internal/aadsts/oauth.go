package aadsts

// OAuthErrors returns the OAuth errors that ExplainOAuth knows.
func OAuthErrors() []string {
	return []string{
		"access_denied", "authorization_declined", "consent_required", "expired_token", "interaction_required",
		"invalid_grant", "login_required", "server_error", "temporarily_unavailable",
	}
}

// ExplainOAuth returns the explanation of an OAuth error, which has words of its own only
// if the response has no AADSTS code. It reports whether the error is known.
func ExplainOAuth(oauth string) (e Explanation, known bool) {
	var cause string
	switch oauth {
	case "access_denied", "authorization_declined":
		cause = "the user chose Cancel on the page"
	case "consent_required":
		cause = causes()[65001]
	case "expired_token":
		cause = "the code was not entered in time"
	case "interaction_required", "login_required":
		cause = "the tenant needs the user: for a password, a second factor, or a new password"
	case "invalid_grant":
		cause = "the refresh token or the code has expired, was used, or was revoked"
	case "server_error", "temporarily_unavailable":
		cause = "an outage of Microsoft's service"
	default:
		return Explanation{}, false
	}
	m := meaningOfOAuth(oauth)
	return Explanation{Fault: m.fault(m.what), Cause: cause}, true
}
