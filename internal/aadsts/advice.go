package aadsts

import "github.com/profilectl/profilectl/internal/fault"

// words say what a code means here and what to do next.
type words struct {
	kind fault.Kind
	what string
	fix  string
}

// Fixes that several codes share.
const (
	signInAgain    = "run `profilectl login`"
	mobilePlatform = "in the app registration, add the redirect URI http://localhost under \"Mobile and desktop applications\""
	checkClient    = "check client-id and authority: `profilectl config list` shows them and where they come from"
	stepUpNow      = "run the command again in a terminal, without --no-input, to step up"
	grantMidTier   = "in the mid-tier's app registration, grant admin consent for Microsoft Graph User.ReadWrite"
	grantClient    = "in the client's app registration, grant admin consent for its permissions"
	oneResource    = "ask for the scopes of one API at a time"
	newSecret      = "create a new client secret for the mid-tier and use its value, not its id"
	askAdmin       = "ask the tenant's administrator, and give the correlation id"
	trustWorkload  = "in the mid-tier's app registration, add a federated credential with the token's issuer and subject, and the audience api://AzureADTokenExchange"
	later          = "try again later"
)

// advice has a row for each code that this scenario can meet. Meanings:
// learn.microsoft.com, "Microsoft Entra authentication and authorization error
// codes"; the fixes are this project's.
var advice = map[int]words{
	50011:   {fault.Denied, "the redirect URI is not registered for this client", mobilePlatform},
	500113:  {fault.Denied, "no redirect URI is registered for this client", mobilePlatform},
	7000218: {fault.Denied, "the client is registered as confidential, or public client flows are off", mobilePlatform + ", and allow public client flows"},
	9002327: {fault.Denied, "the redirect URI is registered for a single-page application", mobilePlatform},
	9002326: {fault.Denied, "the redirect URI is registered for a single-page application", mobilePlatform},
	700025:  {fault.Denied, "the client is public but a secret was sent", checkClient},
	7000215: {fault.Denied, "the client secret is wrong", newSecret},
	7000222: {fault.Denied, "the client secret has expired", newSecret},
	700016:  {fault.Denied, "the client is not registered in this tenant", checkClient},
	700038:  {fault.Denied, "the client id is not a valid one", checkClient},
	90002:   {fault.Usage, "there is no such tenant", checkClient},
	50049:   {fault.Usage, "the authority is not one this tenant knows", checkClient},
	500210:  {fault.Usage, "the custom domain belongs to another tenant", checkClient},
	500208:  {fault.Denied, "this sign-in page does not take customer accounts", "use the tenant's ciamlogin.com authority"},
	500207:  {fault.Denied, "this kind of account cannot use that API", "register the API as single-tenant"},
	50020:   {fault.Denied, "the account is of another tenant", "sign in with a customer account of this tenant"},
	50034:   {fault.Denied, "there is no such account in this tenant", "sign up with `profilectl login --sign-up`, or link the client to a user flow"},
	50126:   {fault.Denied, "the e-mail address or the password is wrong", signInAgain},
	50105:   {fault.Denied, "the account is not assigned to this client", askAdmin},
	50053:   {fault.Denied, "the account is locked after too many tries", later},
	50057:   {fault.Denied, "the account is disabled", askAdmin},
	50055:   {fault.SignIn, "the password has expired", signInAgain},
	500011:  {fault.Denied, "the API is not registered in this tenant", "check edit-scope, and that the API has a service principal and this App ID URI"},
	650053:  {fault.Denied, "the API has no such scope", "check edit-scope against the scopes that the API exposes"},
	70011:   {fault.Denied, "the scope is not valid", "check edit-scope against the scopes that the API exposes"},
	28000:   {fault.Usage, "scopes of two APIs were asked for at once", oneResource},
	700022:  {fault.Usage, "scopes of two APIs were asked for at once", oneResource},
	65001:   {fault.Denied, "consent is missing", grantClient + "; if the edit fails and not the sign-in: " + grantMidTier},
	65004:   {fault.Canceled, "it was canceled in the browser", "run the command again to try once more"},
	65005:   {fault.Denied, "the client needs a permission that is not registered", grantClient},
	90094:   {fault.Denied, "an administrator's consent is required", grantClient},
	90095:   {fault.Denied, "an administrator's consent is required", grantClient},
	650052:  {fault.Denied, "the client lacks a service principal for the API", grantClient},
	650056:  {fault.Denied, "the client is not registered completely", grantClient},
	650057:  {fault.Denied, "the client may not ask for this API", grantClient},
	50072:   {fault.StepUp, "a second factor must be set up", stepUpNow},
	50074:   {fault.StepUp, "a second factor is needed", stepUpNow},
	50076:   {fault.StepUp, "a second factor is needed", stepUpNow},
	50078:   {fault.StepUp, "the second factor has expired", stepUpNow},
	50079:   {fault.StepUp, "a second factor must be set up", stepUpNow},
	50158:   {fault.StepUp, "an external second factor is needed", stepUpNow},
	500121:  {fault.StepUp, "the second factor was not accepted", "run the command again"},
	50088:   {fault.Unavailable, "the limit of messages for second factors is reached", later},
	53003:   {fault.Denied, "a Conditional Access policy blocks it", askAdmin},
	530032:  {fault.Denied, "a security policy blocks it", askAdmin},
	530035:  {fault.Denied, "a security policy blocks it", askAdmin},
	50013:   {fault.Denied, "the assertion is not valid", "send the access token for the mid-tier unchanged"},
	500131:  {fault.Denied, "the assertion is meant for another API", "set edit-scope to the mid-tier's own scope, api://<client id>/EditProfileService.ReadWrite"},
	500133:  {fault.SignIn, "the assertion has expired, or a clock is wrong", "check the clock, then run `profilectl login`"},
	7000114: {fault.Denied, "the mid-tier may not act on behalf of users", askAdmin},
	54005:   {fault.SignIn, "the authorization code was already used", signInAgain},
	70000:   {fault.SignIn, "the sign-in is not valid any more", signInAgain},
	70008:   {fault.SignIn, "the sign-in has expired", signInAgain},
	700005:  {fault.SignIn, "the authorization code is of another tenant", signInAgain},
	501481:  {fault.SignIn, "the answer belongs to another sign-in (PKCE)", signInAgain},
	50148:   {fault.SignIn, "the answer belongs to another sign-in (PKCE)", signInAgain},
	50173:   {fault.SignIn, "the sign-in was revoked, for instance by a new password", signInAgain},
	70043:   {fault.SignIn, "the sign-in has expired", signInAgain},
	700082:  {fault.SignIn, "the sign-in has expired for lack of use", signInAgain},
	700084:  {fault.SignIn, "the sign-in has expired", signInAgain},
	50058:   {fault.SignIn, "nobody is signed in at the browser", signInAgain},
	50132:   {fault.SignIn, "the browser's session is not valid any more", signInAgain},
	50133:   {fault.SignIn, "the browser's session has expired", signInAgain},
	50196:   {fault.Unavailable, "the tenant sees a sign-in loop", "wait five minutes, then run `profilectl login`"},
	700024:  {fault.Denied, "the client assertion is outside its time range", "check the mid-tier's clock"},
	700027:  {fault.Denied, "the client certificate is not registered", "upload the certificate to the mid-tier's app registration"},
	70021:   {fault.Denied, "the tenant does not trust this workload's token", trustWorkload},
	700211:  {fault.Denied, "the tenant does not trust the issuer of this workload's token", trustWorkload},
	700212:  {fault.Denied, "this workload's token is not meant for the tenant", trustWorkload},
	700213:  {fault.Denied, "the tenant does not trust this workload's token", trustWorkload},
	90033:   {fault.Unavailable, "the identity provider is temporarily out of order", "try again in a minute"},
}
