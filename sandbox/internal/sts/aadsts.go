package sts

// errorCode is the number of an AADSTS error.
type errorCode int

// The error codes that this service returns. The comments are Microsoft's words, shortened:
// from learn.microsoft.com, "Microsoft Entra authentication and authorization error codes",
// or, for codes that the page does not list, from published error messages. If Microsoft
// documents a different meaning than the one used here, the comment says so.
const (
	// SelectUserAccount: the user must select from among multiple valid SSO sessions.
	aadstsSelectAccount errorCode = 16000

	// AppSessionSelectionInvalidSessionNotExist: the application requested a user session that
	// doesn't exist.
	aadstsSessionUnknown errorCode = 160021

	// The scope isn't valid because it contains more than one resource (token endpoint).
	aadstsTokenScopeResources errorCode = 28000

	// The scope isn't valid when requesting an access token: it belongs to no API.
	aadstsScopeWithoutAPI errorCode = 28002

	// The scope can't be empty when redeeming the authorization code.
	aadstsRedeemedScopeEmpty errorCode = 28003

	// InvalidReplyTo: the reply address doesn't match reply addresses configured for the app.
	aadstsRedirectURIMismatch errorCode = 50011

	// InvalidAssertion: the assertion is invalid.
	aadstsAssertionInvalid errorCode = 50013

	// UserAccountNotFound: the account must be added to the directory.
	aadstsUserNotFound errorCode = 50034

	// SubjectMismatchesIssuer: the subject mismatches the issuer in the client assertion.
	aadstsClientAssertionSubject errorCode = 50048

	// UserInformationNotProvided: session information isn't sufficient for single sign-on.
	aadstsNotSignedIn errorCode = 50058

	// UserStrongAuthClientAuthNRequired: the user must use multifactor authentication to
	// access the resource.
	aadstsMFARequired errorCode = 50076

	// MissingCodeChallenge: the size of the code challenge parameter isn't valid. Used here for
	// a code_challenge_method without a code_challenge.
	aadstsCodeChallengeMissing errorCode = 50147

	// FreshTokenNeeded: the grant has expired due to it being revoked.
	aadstsGrantRevoked errorCode = 50173

	// The application isn't configured as a multitenant application, so the /common endpoint
	// isn't supported.
	aadstsSingleTenant errorCode = 50194

	// UserStrongAuthEnrollmentRequired: the user must enroll in multifactor authentication.
	aadstsMFAEnrollment errorCode = 50079

	// BlockedByConditionalAccess: access has been blocked by Conditional Access policies.
	aadstsBlockedByPolicy errorCode = 53003

	// The authorization code was already redeemed.
	aadstsCodeRedeemed errorCode = 54005

	// DelegationDoesNotExist: the user or administrator hasn't consented to use the application.
	aadstsConsentMissing errorCode = 65001

	// UserDeclinedConsent: the user declined to consent to access the app. Entra also returns
	// it if the user cancels the sign-in.
	aadstsUserDeclined errorCode = 65004

	// InvalidGrant: the grant is invalid or malformed.
	aadstsGrantInvalid errorCode = 70000

	// UnsupportedGrantType: the app requested an unsupported grant type.
	aadstsGrantTypeUnsupported errorCode = 70003

	// UnsupportedResponseMode: the app asked for an unsupported value of response_mode.
	aadstsResponseModeUnsupported errorCode = 70007

	// UnsupportedResponseType: the app asked for an unsupported value of response_type.
	aadstsResponseTypeUnsupported errorCode = 70005

	// ExpiredOrRevokedGrant: the authorization code or refresh token has expired.
	aadstsGrantExpired errorCode = 70008

	// InvalidScope: the scope requested by the app is invalid.
	aadstsScopeInvalid errorCode = 70011

	// AuthorizationPending: authorization is pending in the device flow.
	aadstsDevicePending errorCode = 70016

	// BadVerificationCode: invalid verification code in the device code flow.
	aadstsDeviceCodeInvalid errorCode = 70018

	// The device code has expired (azure-cli#22251). Microsoft's page has 70019, CodeExpired, for
	// the user code.
	aadstsDeviceCodeExpired errorCode = 70020

	// InvalidTenantName: the tenant name wasn't found in the data store.
	aadstsTenantNotFound errorCode = 90002

	// TokenForItselfMissingIdenticalAppIdentifier: the application is requesting a token for
	// itself, which needs the GUID-based application ID.
	aadstsTokenForItself errorCode = 90009

	// InvalidRequestWithMultipleRequirements: the identifier and login hint can't be used
	// together.
	aadstsTwoIdentifiers errorCode = 90005

	// InvalidRequest: the authentication service request isn't valid.
	aadstsRequestInvalid errorCode = 90023

	// TenantThrottlingError: there are too many incoming requests.
	aadstsThrottled errorCode = 90055

	// AdminConsentRequired: administrator consent is required.
	aadstsAdminConsentRequired errorCode = 90094

	// RequiredClaimIsMissing: the id_token can't be used as a jwt-bearer grant.
	aadstsAssertionIDToken errorCode = 240002

	// InvalidResourceServicePrincipalNotFound: the resource principal wasn't found in the tenant.
	aadstsResourceNotFound errorCode = 500011

	// The service principal for the resource is disabled (public responses).
	aadstsResourceDisabled errorCode = 500014

	// The reply address doesn't match the one of the authorization request (token endpoint).
	aadstsReplyAddressMismatch errorCode = 500112

	// No reply address is registered for the application.
	aadstsNoRedirectURI errorCode = 500113

	// The assertion audience does not match the client app presenting the assertion.
	aadstsAssertionAudience errorCode = 500131

	// The assertion isn't within its valid time range.
	aadstsAssertionExpired errorCode = 500133

	// The code_verifier doesn't match the code_challenge of the authorization request.
	aadstsCodeVerifierMismatch errorCode = 501481

	// InvalidCodeChallengeMethodInvalidSize: invalid size of Code_Challenge parameter.
	aadstsCodeChallengeSize errorCode = 501491

	// The application asked for a scope that doesn't exist on the resource.
	aadstsScopeUnknown errorCode = 650053

	// The grant was issued for a different client id (Partner-Center-PowerShell#419).
	aadstsWrongClient errorCode = 700007

	// Reply address must be provided when presenting an authorization code requested with an
	// explicit reply address (azure-docs#95297).
	aadstsReplyAddressMissing errorCode = 700009

	// UnauthorizedClient_DoesNotMatchRequest: the application wasn't found in the directory.
	aadstsClientNotFound errorCode = 700016

	// The application identifier of the client assertion doesn't match client_id.
	aadstsClientAssertionApp errorCode = 700021

	// The audience of the client assertion doesn't match the realm's issuer
	// (microsoft-authentication-library-for-dotnet#2746). Microsoft's page has another meaning,
	// InvalidResourcelessScope.
	aadstsClientAssertionAudience errorCode = 700023

	// The client assertion is not within its valid time range.
	aadstsClientAssertionExpired errorCode = 700024

	// InvalidClientPublicClientWithCredential: the client is public, so neither
	// client_assertion nor client_secret should be presented.
	aadstsPublicClientCredential errorCode = 700025

	// The client assertion failed signature validation.
	aadstsClientAssertionInvalid errorCode = 700027

	// The client ID isn't a valid application identifier.
	aadstsNotAppID errorCode = 700038

	// The response_type token isn't enabled for the application.
	aadstsTokenDisabled errorCode = 700051

	// The response_type id_token isn't enabled for the application.
	aadstsIDTokenDisabled errorCode = 700054

	// ExpiredOrRevokedGrantInactiveToken: the refresh token has expired due to inactivity.
	aadstsRefreshTokenExpired errorCode = 700082

	// The refresh token was issued to a single page app and has a fixed lifetime.
	aadstsSPAGrantExpired errorCode = 700084

	// No matching federated identity record found for the presented assertion issuer, audience
	// or subject.
	aadstsWorkloadIssuer   errorCode = 700211
	aadstsWorkloadAudience errorCode = 700212
	aadstsWorkloadSubject  errorCode = 700213

	// The request body must contain the parameter.
	aadstsParameterMissing errorCode = 900144

	// BadResourceRequestInvalidRequest: the endpoint only accepts POST requests.
	aadstsMethodNotAllowed errorCode = 900561

	// The resource request parameter isn't supported.
	aadstsResourceUnsupported errorCode = 901002

	// Client credential flows must have a scope value with /.default.
	aadstsDefaultScopeRequired errorCode = 1002012

	// The application is disabled.
	aadstsAppDisabled errorCode = 7000112

	// The application isn't allowed to make application on-behalf-of calls: the assertion
	// is not a user's (microsoft-authentication-library-for-dotnet#2130).
	aadstsAssertionWithoutUser errorCode = 7000114

	// An invalid client secret is provided.
	aadstsClientSecretInvalid errorCode = 7000215

	// The provided client secret keys are expired.
	aadstsClientSecretExpired errorCode = 7000222

	// The client application is missing a service principal in the tenant
	// (Azure/Commercial-Marketplace-SaaS-Accelerator#830).
	aadstsPrincipalMissing errorCode = 7000229

	// The request body must contain client_assertion or client_secret.
	aadstsClientCredentialMissing errorCode = 7000218

	// The parameter is duplicated (microsoft-authentication-library-for-android#688).
	aadstsParameterRepeated errorCode = 9000411

	// InvalidRequest: the request is malformed or invalid.
	aadstsMalformedRequest errorCode = 9002313

	// PKCE is required for cross-origin redemption of authorization codes.
	aadstsPKCERequired errorCode = 9002325

	// Cross-origin token redemption is permitted only for single-page applications.
	aadstsOriginWithoutSPA errorCode = 9002326

	// Tokens issued for single-page applications may only be redeemed via cross-origin
	// requests.
	aadstsSPAWithoutOrigin errorCode = 9002327
)
