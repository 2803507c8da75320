package sts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// refusal is one of Entra's errors.
type refusal struct {
	code     int
	oauth    string
	status   int
	text     string
	suberror string
	claims   string
}

// Error names the code, for logs.
func (r *refusal) Error() string { return "AADSTS" + strconv.Itoa(r.code) }

// refusals are the errors this tenant can give: meaning and OAuth code as in
// learn.microsoft.com, "Microsoft Entra authentication and authorization error
// codes", and in published answers; the texts are shortened.
var refusals = map[int]struct {
	oauth    string
	status   int
	text     string
	suberror string
}{
	9002:    {"invalid_request", 400, "The request is malformed.", ""},
	16000:   {"interaction_required", 400, "The user must choose an account.", ""},
	28000:   {"invalid_request", 400, "Provided value for the input parameter scope is not valid because it contains more than one resource.", ""},
	50011:   {"invalid_request", 400, "The redirect URI specified in the request does not match the redirect URIs configured for the application.", ""},
	50013:   {"invalid_grant", 400, "Assertion failed signature validation.", ""},
	50034:   {"invalid_grant", 400, "The user account does not exist in the directory.", ""},
	50053:   {"invalid_grant", 400, "The account is locked because of too many wrong tries.", ""},
	50058:   {"login_required", 400, "A silent sign-in request was sent but no user is signed in.", ""},
	50068:   {"invalid_request", 400, "The post_logout_redirect_uri is not registered.", ""},
	50076:   {"interaction_required", 400, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'.", "basic_action"},
	50126:   {"invalid_grant", 400, "Error validating credentials due to invalid username or password.", ""},
	50173:   {"invalid_grant", 400, "The provided grant has expired due to it being revoked, a fresh auth token is needed.", "bad_token"},
	54005:   {"invalid_grant", 400, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", ""},
	65001:   {"invalid_grant", 400, "The user or administrator has not consented to use the application with ID '%s'. Send an interactive authorization request for this user and resource.", "consent_required"},
	65004:   {"access_denied", 400, "User declined to consent to access the app.", ""},
	70000:   {"invalid_grant", 400, "Provided grant is invalid or malformed.", "bad_token"},
	70003:   {"unsupported_grant_type", 400, "The app requested an unsupported grant type '%s'.", ""},
	70008:   {"invalid_grant", 400, "The provided authorization code or refresh token has expired.", "token_expired"},
	70011:   {"invalid_scope", 400, "The provided value for the input parameter 'scope' is not valid.", ""},
	70016:   {"authorization_pending", 400, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.", ""},
	70018:   {"bad_verification_code", 400, "Invalid verification code due to user typing in wrong user code for device code flow.", ""},
	70019:   {"expired_token", 400, "Verification code expired.", ""},
	90002:   {"invalid_tenant", 400, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", ""},
	90014:   {"invalid_request", 400, "The required field '%s' is missing from the credential.", ""},
	90023:   {"invalid_request", 400, "The request is not valid: %s.", ""},
	500011:  {"invalid_resource", 400, "The resource principal named %s was not found in the tenant.", ""},
	500131:  {"invalid_grant", 400, "Assertion audience does not match the Client app presenting the assertion.", ""},
	500133:  {"invalid_grant", 400, "Assertion is not within its valid time range.", ""},
	501481:  {"invalid_grant", 400, "The Code_Verifier does not match the code_challenge supplied in the authorization request.", ""},
	650053:  {"invalid_client", 400, "The application asked for scope '%s' that doesn't exist on the resource.", ""},
	700005:  {"invalid_grant", 400, "The authorization code is intended for another client.", ""},
	700016:  {"unauthorized_client", 400, "Application with identifier '%s' was not found in the directory.", ""},
	700022:  {"invalid_request", 400, "Provided value for the input parameter scope is not valid. It contains more than one resource.", ""},
	700024:  {"invalid_client", 401, "Client assertion is not within its valid time range.", ""},
	700025:  {"invalid_client", 401, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", ""},
	700027:  {"invalid_client", 401, "The certificate with identifier used to sign the client assertion is not registered on application.", ""},
	700030:  {"invalid_request", 400, "Proof Key for Code Exchange is required for public clients.", ""},
	700213:  {"invalid_client", 401, "No matching federated identity record found for presented assertion subject. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.", ""},
	900144:  {"invalid_request", 400, "The request body must contain the following parameter: '%s'.", ""},
	900561:  {"invalid_request", 400, "The endpoint only accepts POST requests. Received a %s request.", ""},
	7000114: {"invalid_request", 400, "Application '%s' is not allowed to make application on-behalf-of calls.", ""},
	7000215: {"invalid_client", 401, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", ""},
	7000218: {"invalid_client", 401, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", ""},
	1002012: {"invalid_scope", 400, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", ""},
	5000224: {"invalid_grant", 400, "The request is not for a user.", ""},
}

// no returns one of the refusals, with its text filled in.
func no(code int, args ...any) *refusal {
	known := refusals[code]
	r := &refusal{code: code, oauth: known.oauth, status: known.status, text: known.text, suberror: known.suberror}
	if len(args) > 0 {
		r.text = fmt.Sprintf(known.text, args...)
	}
	return r
}

// ids are what a support request needs; Entra puts them into every error.
type ids struct{ trace, correlation, at string }

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (s *STS) ids(r *http.Request) ids {
	correlation := r.Header.Get("client-request-id")
	if !guid.MatchString(correlation) {
		correlation = NewID()
	}
	return ids{trace: NewID(), correlation: correlation, at: s.Now().UTC().Format("2006-01-02 15:04:05Z")}
}

// description is error_description as the newer answers write it.
func (r *refusal) description(i ids) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", r.code, r.text, i.trace, i.correlation, i.at)
}

// errorBody is the token endpoint's error (learn.microsoft.com, OAuth 2.0
// authorization code flow, "Error response").
type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	Timestamp   string `json:"timestamp"`
	Trace       string `json:"trace_id"`
	Correlation string `json:"correlation_id"`
	URI         string `json:"error_uri,omitempty"`
	Suberror    string `json:"suberror,omitempty"`
	Claims      string `json:"claims,omitempty"`
}

func (s *STS) fail(w http.ResponseWriter, r *http.Request, f *refusal) {
	i := s.ids(r)
	s.Log.Info("refuse", "path", r.URL.Path, "code", f.code, "correlation", i.correlation)
	writeJSON(w, f.status, errorBody{
		Error: f.oauth, Description: f.description(i), Codes: []int{f.code}, Timestamp: i.at,
		Trace: i.trace, Correlation: i.correlation, Suberror: f.suberror, Claims: f.claims,
		URI: s.origins(r).api + "/error?code=" + strconv.Itoa(f.code),
	})
}

func (s *STS) wrongVerb(w http.ResponseWriter, r *http.Request) { s.fail(w, r, no(900561, r.Method)) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // a client that has gone is no error
}

// NewID returns a random GUID (RFC 9562, version 4).
func NewID() string { return uuid.NewString() }

const codeLife = 10 * time.Minute
