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
	if c == aadstsThrottled {
		return http.StatusTooManyRequests
	}
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
	case aadstsGrantExpired, aadstsRefreshTokenExpired:
		return "token_expired"
	}
	return ""
}

// checkFederated ends the descriptions of errors in federated credentials.
const checkFederated = "Check your federated identity credential Subject, Audience and Issuer against the " +
	"presented assertion."

// errorDefinitions lists all errors that the service returns. The meanings and the OAuth
// codes come from learn.microsoft.com, "Microsoft Entra authentication and authorization
// error codes", and from published responses. The descriptions are shortened.
var errorDefinitions = [...]errorDefinition{
	{aadstsSelectAccount, "interaction_required",
		"Either multiple user identities are available for the current request or selected " +
			"account is not supported for the scenario."},
	{aadstsSessionUnknown, "interaction_required",
		"Application requested a user session which does not exist."},
	{aadstsTokenScopeResources, "invalid_request",
		"Provided value for the input parameter scope is not valid because it contains more " +
			"than one resource. Scope %s is not valid."},
	{aadstsScopeWithoutAPI, "invalid_request",
		"Provided value for the input parameter scope '%s' is not valid when requesting an " +
			"access token. Please specify a valid scope."},
	{aadstsRedeemedScopeEmpty, "invalid_request",
		"Provided value for the input parameter scope cannot be empty when requesting an " +
			"access token using the provided authorization code. Please specify a valid scope."},
	{aadstsRedirectURIMismatch, "invalid_request",
		"The redirect URI '%s' specified in the request does not match the redirect URIs " +
			"configured for the application '%s'. Make sure the redirect URI sent in the request " +
			"matches one added to your application in the Azure portal."},
	{aadstsAssertionInvalid, "invalid_grant",
		"Assertion failed signature validation."},
	{aadstsUserNotFound, "invalid_grant",
		"The user account does not exist in the directory."},
	{aadstsClientAssertionSubject, "invalid_client",
		"Subject mismatches Issuer claim in the client assertion."},
	{aadstsNotSignedIn, "login_required",
		"A silent sign-in request was sent but no user is signed in."},
	{aadstsMFARequired, "interaction_required",
		"Due to a configuration change made by your administrator, or because you moved to a " +
			"new location, you must use multi-factor authentication to access '%s'."},
	{aadstsMFAEnrollment, "interaction_required",
		"Due to a configuration change made by your administrator, or because you moved to a " +
			"new location, you must enroll in multi-factor authentication to access '%s'."},
	{aadstsBlockedByPolicy, "access_denied",
		"Access has been blocked by Conditional Access policies. The access policy does not " +
			"allow token issuance."},
	{aadstsAppDisabled, "unauthorized_client",
		"Application '%s'(%s) is disabled."},
	{aadstsPrincipalMissing, "invalid_client",
		"The client application %s is missing service principal in the tenant %s. See " +
			"instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"},
	{aadstsClientSecretExpired, "invalid_client",
		"The provided client secret keys for app '%s' are expired. Visit the Azure portal to " +
			"create new keys for your app, or consider using certificate credentials for added " +
			"security: https://aka.ms/certCreds."},
	{aadstsCodeChallengeMissing, "invalid_request",
		"Missing or invalid Code_Challenge parameter."},
	{aadstsGrantRevoked, "invalid_grant",
		"The provided grant has expired due to it being revoked, a fresh auth token is " +
			"needed."},
	{aadstsSingleTenant, "invalid_request",
		"Application '%s' is not configured as a multi-tenant application. Usage of the " +
			"/common endpoint is not supported for such applications. Use a tenant-specific " +
			"endpoint or configure the application to be multi-tenant."},
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
	{aadstsResponseTypeUnsupported, "unsupported_response_type",
		"The provided value '%s' for the input parameter 'response_type' is not supported. " +
			"Expected value is 'code'."},
	{aadstsResponseModeUnsupported, "invalid_request",
		"'%s' is not a supported value of 'response_mode' when requesting a token."},
	{aadstsGrantExpired, "invalid_grant",
		"The provided authorization code or refresh token has expired."},
	{aadstsScopeInvalid, "invalid_scope",
		"The provided request must include a 'scope' input parameter. The provided value for " +
			"the input parameter 'scope' is not valid. The scope %s"},
	{aadstsDevicePending, "authorization_pending",
		"OAuth 2.0 device flow error. Authorization is pending. Continue polling."},
	{aadstsDeviceCodeInvalid, "bad_verification_code",
		"Invalid verification code due to user typing in wrong user code for device code " +
			"flow."},
	{aadstsDeviceCodeExpired, "expired_token",
		"The provided value for the input parameter 'device_code' is not valid. This device " +
			"code has expired."},
	{aadstsTenantNotFound, "invalid_tenant",
		"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are " +
			"signing into the correct cloud."},
	{aadstsTokenForItself, "invalid_request",
		"Application '%s' is requesting a token for itself. This scenario is supported only if " +
			"resource is specified using the GUID based App Identifier."},
	{aadstsTwoIdentifiers, "invalid_request",
		"Unable to complete the request. The request is not valid because the identifier and " +
			"login hint can't be used together."},
	{aadstsRequestInvalid, "invalid_request",
		"The request is not valid: %s."},
	{aadstsThrottled, "temporarily_unavailable",
		"There are too many incoming requests. Please try again in a few minutes."},
	{aadstsAdminConsentRequired, "access_denied",
		"'%s' needs permission to access resources in your organization that only an admin " +
			"can grant. Please ask an admin to grant permission to this app before you can use it."},
	{aadstsAssertionIDToken, "invalid_grant",
		"Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."},
	{aadstsResourceDisabled, "invalid_resource",
		"The service principal for resource '%s' is disabled. This indicate that a subscription within the " +
			"tenant has lapsed, or that the administrator for this tenant has disabled the application, " +
			"preventing tokens from being issued for it."},
	{aadstsResourceNotFound, "invalid_resource",
		"The resource principal named %s was not found in the tenant."},
	{aadstsReplyAddressMismatch, "invalid_client",
		"The reply address '%s' does not match the reply address '%s' provided when requesting " +
			"Authorization code."},
	{aadstsNoRedirectURI, "invalid_request",
		"No reply address is registered for the application."},
	{aadstsAssertionAudience, "invalid_grant",
		"Assertion audience does not match the Client app presenting the assertion."},
	{aadstsAssertionExpired, "invalid_grant",
		"Assertion is not within its valid time range."},
	{aadstsCodeVerifierMismatch, "invalid_grant",
		"The Code_Verifier does not match the code_challenge supplied in the authorization " +
			"request."},
	{aadstsCodeChallengeSize, "invalid_request",
		"Invalid size of Code_Challenge parameter."},
	{aadstsScopeUnknown, "invalid_client",
		"The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'. " +
			"Contact the app vendor."},
	{aadstsWrongClient, "invalid_grant",
		"The grant was issued for a different client id."},
	{aadstsReplyAddressMissing, "invalid_request",
		"Reply address must be provided when presenting an authorization code requested with an " +
			"explicit reply address."},
	{aadstsClientNotFound, "unauthorized_client",
		"Application with identifier '%s' was not found in the directory '%s'. This can happen " +
			"if the application has not been installed by the administrator of the tenant or " +
			"consented to by any user in the tenant. You may have sent your authentication request " +
			"to the wrong tenant."},
	{aadstsClientAssertionApp, "invalid_client",
		"Client assertion application identifier doesn't match 'client_id' parameter."},
	{aadstsClientAssertionAudience, "invalid_client",
		"Client assertion audience claim does not match Realm issuer."},
	{aadstsClientAssertionExpired, "invalid_client",
		"Client assertion is not within its valid time range."},
	{aadstsPublicClientCredential, "invalid_client",
		"Client is public so neither 'client_assertion' nor 'client_secret' should be " +
			"presented."},
	{aadstsClientAssertionInvalid, "invalid_client",
		"The certificate with identifier used to sign the client assertion is not registered " +
			"on application."},
	{aadstsNotAppID, "unauthorized_client",
		"%s is not a valid application identifier."},
	{aadstsTokenDisabled, "unsupported_response_type",
		"response_type 'token' is not enabled for the application."},
	{aadstsIDTokenDisabled, "unsupported_response_type",
		"response_type 'id_token' is not enabled for the application."},
	{aadstsRefreshTokenExpired, "invalid_grant",
		"The refresh token has expired due to inactivity. The token was issued on %s and was " +
			"inactive for 90.00:00:00."},
	{aadstsSPAGrantExpired, "invalid_grant",
		"The refresh token was issued to a single page app (SPA), and therefore has a fixed, " +
			"limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new " +
			"sign in request must be sent by the SPA to the sign in page."},
	{aadstsWorkloadIssuer, "invalid_client",
		"No matching federated identity record found for presented assertion issuer '%s'. " +
			checkFederated},
	{aadstsWorkloadAudience, "invalid_client",
		"No matching federated identity record found for presented assertion audience '%s'. " +
			checkFederated},
	{aadstsWorkloadSubject, "invalid_client",
		"No matching federated identity record found for presented assertion subject '%s'. " +
			checkFederated},
	{aadstsParameterMissing, "invalid_request",
		"The request body must contain the following parameter: '%s'."},
	{aadstsMethodNotAllowed, "invalid_request",
		"The endpoint only accepts POST requests. Received a %s request."},
	{aadstsResourceUnsupported, "invalid_request",
		"The 'resource' request parameter is not supported."},
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
		"Proof Key for Code Exchange is required for cross-origin authorization code redemption."},
	{aadstsOriginWithoutSPA, "invalid_request",
		"Cross-origin token redemption is permitted only for the 'Single-Page Application' " +
			"client-type. Request origin: '%s'."},
	{aadstsSPAWithoutOrigin, "invalid_request",
		"Tokens issued for the 'Single-Page Application' client-type may only be redeemed via " +
			"cross-origin requests."},
}
