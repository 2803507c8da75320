package sts

import (
	"net/http"
	"slices"
)

// errorDefinition holds the OAuth error code and the description of an AADSTS error. The
// description is a format if the error names a value of the request.
type errorDefinition struct {
	code        errorCode
	oauth       string
	description string
}

// definition returns the definition of an error code.
func (c errorCode) definition() errorDefinition {
	i := slices.IndexFunc(errorDefinitions[:], func(d errorDefinition) bool { return d.code == c })
	return errorDefinitions[i]
}

// status returns the HTTP status: 401 if the client could not be authenticated, otherwise
// 400. AADSTS650053 is the one invalid_client that does not concern the authentication.
func (c errorCode) status() int {
	if c.definition().oauth == "invalid_client" && c != aadstsScopeUnknown {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// suberror returns the suberror member of the error response, or "" if there is none.
func (c errorCode) suberror() string {
	switch c {
	case aadstsMFARequired:
		return "basic_action"
	case aadstsGrantRevoked, aadstsGrantInvalid:
		return "bad_token"
	case aadstsConsentMissing:
		return "consent_required"
	case aadstsGrantExpired:
		return "token_expired"
	}
	return ""
}

// errorDefinitions lists all errors that the service returns. The meanings and the OAuth
// codes come from learn.microsoft.com, "Microsoft Entra authentication and authorization
// error codes", and from published responses. The descriptions are shortened.
var errorDefinitions = [...]errorDefinition{
	{aadstsSelectAccount, "interaction_required",
		"The user must choose an account."},
	{aadstsTokenScopeResources, "invalid_request",
		"Provided value for the input parameter scope is not valid because it contains more " +
			"than one resource."},
	{aadstsRedirectURIMismatch, "invalid_request",
		"The redirect URI specified in the request does not match the redirect URIs " +
			"configured for the application."},
	{aadstsAssertionInvalid, "invalid_grant",
		"Assertion failed signature validation."},
	{aadstsUserNotFound, "invalid_grant",
		"The user account does not exist in the directory."},
	{aadstsNotSignedIn, "login_required",
		"A silent sign-in request was sent but no user is signed in."},
	{aadstsSignOutRedirect, "invalid_request",
		"The post_logout_redirect_uri is not registered."},
	{aadstsMFARequired, "interaction_required",
		"Due to a configuration change made by your administrator, or because you moved to a " +
			"new location, you must use multi-factor authentication to access '%s'."},
	{aadstsGrantRevoked, "invalid_grant",
		"The provided grant has expired due to it being revoked, a fresh auth token is " +
			"needed."},
	{aadstsCodeRedeemed, "invalid_grant",
		"OAuth2 Authorization code was already redeemed, please retry with a new valid code " +
			"or use an existing refresh token."},
	{aadstsConsentMissing, "invalid_grant",
		"The user or administrator has not consented to use the application with ID '%s'. " +
			"Send an interactive authorization request for this user and resource."},
	{aadstsUserDeclined, "access_denied",
		"User declined to consent to access the app."},
	{aadstsGrantInvalid, "invalid_grant",
		"Provided grant is invalid or malformed."},
	{aadstsGrantTypeUnsupported, "unsupported_grant_type",
		"The app requested an unsupported grant type '%s'."},
	{aadstsResponseModeUnsupported, "invalid_request",
		"'%s' is not a supported value of 'response_mode' when requesting a token."},
	{aadstsGrantExpired, "invalid_grant",
		"The provided authorization code or refresh token has expired."},
	{aadstsScopeInvalid, "invalid_scope",
		"The provided value for the input parameter 'scope' is not valid."},
	{aadstsDevicePending, "authorization_pending",
		"OAuth 2.0 device flow error. Authorization is pending. Continue polling."},
	{aadstsDeviceCodeInvalid, "bad_verification_code",
		"Invalid verification code due to user typing in wrong user code for device code " +
			"flow."},
	{aadstsDeviceCodeExpired, "expired_token",
		"Verification code expired."},
	{aadstsTenantNotFound, "invalid_tenant",
		"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are " +
			"signing into the correct cloud."},
	{aadstsRequestInvalid, "invalid_request",
		"The request is not valid: %s."},
	{aadstsResourceNotFound, "invalid_resource",
		"The resource principal named %s was not found in the tenant."},
	{aadstsAssertionAudience, "invalid_grant",
		"Assertion audience does not match the Client app presenting the assertion."},
	{aadstsAssertionExpired, "invalid_grant",
		"Assertion is not within its valid time range."},
	{aadstsCodeVerifierMismatch, "invalid_grant",
		"The Code_Verifier does not match the code_challenge supplied in the authorization " +
			"request."},
	{aadstsScopeUnknown, "invalid_client",
		"The application asked for scope '%s' that doesn't exist on the resource."},
	{aadstsWrongClient, "invalid_grant",
		"The grant was issued for a different client id."},
	{aadstsClientNotFound, "unauthorized_client",
		"Application with identifier '%s' was not found in the directory."},
	{aadstsAuthorizeScopeResources, "invalid_request",
		"Provided value for the input parameter scope is not valid. It contains more than one" +
			" resource."},
	{aadstsClientAssertionExpired, "invalid_client",
		"Client assertion is not within its valid time range."},
	{aadstsPublicClientCredential, "invalid_client",
		"Client is public so neither 'client_assertion' nor 'client_secret' should be " +
			"presented."},
	{aadstsClientAssertionInvalid, "invalid_client",
		"The certificate with identifier used to sign the client assertion is not registered " +
			"on application."},
	{aadstsWorkloadUnknown, "invalid_client",
		"No matching federated identity record found for presented assertion subject. Check " +
			"your federated identity credential Subject, Audience and Issuer against the " +
			"presented assertion."},
	{aadstsParameterMissing, "invalid_request",
		"The request body must contain the following parameter: '%s'."},
	{aadstsMethodNotAllowed, "invalid_request",
		"The endpoint only accepts POST requests. Received a %s request."},
	{aadstsDefaultScopeRequired, "invalid_scope",
		"The provided value for scope %s is not valid. Client credential flows must have a " +
			"scope value with /.default suffixed to the resource identifier (application ID URI)."},
	{aadstsAssertionWithoutUser, "unauthorized_client",
		"Application '%s' is not allowed to make application on-behalf-of calls."},
	{aadstsClientSecretInvalid, "invalid_client",
		"Invalid client secret provided. Ensure the secret being sent in the request is the " +
			"client secret value, not the client secret ID, for a secret added to app '%s'."},
	{aadstsClientCredentialMissing, "invalid_client",
		"The request body must contain the following parameter: 'client_assertion' or " +
			"'client_secret'."},
	{aadstsParameterRepeated, "invalid_request",
		"The request is not properly formatted. The parameter '%s' is duplicated."},
	{aadstsMalformedRequest, "invalid_request",
		"Invalid request. Request is malformed or invalid."},
	{aadstsPKCERequired, "invalid_request",
		"Proof Key for Code Exchange is required for public clients."},
}
