package sts

import (
	"crypto/rand"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// The response modes of the authorize endpoint.
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// request holds the parameters of an authorization request. A device's sign-in has no
// redirect URI.
type request struct {
	app         directory.App
	grant       grant
	unconsented []string // scopes that an administrator has to grant first
	claims      claimsRequest
	redirect    redirectURI
	picked      bool // whether the request named no redirect URI
	mode        string
	state       string
	nonce       string
	challenge   string // PKCE code_challenge
	plain       bool   // whether the challenge is the verifier itself
	prompt      string
	hint        string        // login_hint, or the email address that the user entered last
	session     string        // sid: the session that the client expects
	maxAge      time.Duration // how old the sign-in may be; negative is any age
	clientInfo  bool          // whether the response contains client_info
}

// newTransaction validates the parameters of an authorization request, except the client
// and its redirect URI. It returns the transaction even if there is an error, because the
// error is sent to the redirect URI.
func (s *STS) newTransaction(form url.Values, app directory.App, to redirectURI) (*transaction, *entraError) {
	t := &transaction{
		id:      rand.Text(),
		expires: s.Now().Add(transactionLife),
		request: request{
			app:        app,
			redirect:   to,
			picked:     form.Get("redirect_uri") == "",
			mode:       form.Get("response_mode"),
			state:      withoutHTML(form.Get("state")),
			nonce:      form.Get("nonce"),
			challenge:  form.Get("code_challenge"),
			prompt:     form.Get("prompt"),
			hint:       form.Get("login_hint"),
			session:    form.Get("sid"),
			maxAge:     -1,
			clientInfo: form.Get("client_info") == "1",
		},
	}
	for _, check := range []func(url.Values) *entraError{
		t.checkResponse, t.checkUnsupported, t.checkPKCE, t.checkPrompt, t.checkMaxAge,
	} {
		if e := check(form); e != nil {
			return t, e
		}
	}
	var e *entraError
	if t.claims, e = readClaims(form.Get("claims")); e != nil {
		return t, e
	}
	t.grant, e = s.resolve(form.Get("scope"), app.For(""))
	t.unconsented = t.grant.unconsented(app.For(""))
	return t, e
}

var htmlTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<[^<>]*>`) })

// withoutHTML removes HTML tags from the state parameter, as the authorize endpoint does
// (learn.microsoft.com, "Redirect URI (reply URL) restrictions and limitations"). What
// exactly it removes is inferred.
func withoutHTML(state string) string { return htmlTag().ReplaceAllString(state, "") }

// checkResponse checks response_type and response_mode. Tokens from the authorize endpoint
// (implicit and hybrid flow) have to be enabled in an app registration. The sandbox does not
// support them, so it treats them as disabled.
func (t *transaction) checkResponse(form url.Values) *entraError {
	types := strings.Fields(form.Get("response_type"))
	tokens := slices.Contains(types, "id_token") || slices.Contains(types, "token")
	modes := []string{"", modeQuery, modeFragment, modeFormPost}
	unknown := t.mode
	if known := slices.Contains(modes, t.mode); known {
		unknown = ""
	}
	if t.mode == "" || unknown != "" { // the default mode, also for an error
		t.mode = modeQuery
		if tokens {
			t.mode = modeFragment
		}
	}
	switch {
	case len(types) == 0:
		return newError(aadstsParameterMissing, "response_type")
	case unknown != "":
		return newError(aadstsResponseModeUnsupported, unknown)
	case slices.Contains(types, "id_token"):
		return newError(aadstsIDTokenDisabled)
	case tokens:
		return newError(aadstsTokenDisabled)
	case len(types) != 1 || types[0] != "code":
		return newError(aadstsResponseTypeUnsupported, form.Get("response_type"))
	}
	return nil
}

// checkUnsupported rejects parameters that have a meaning elsewhere: request objects (OpenID
// Connect Core 6.1 and 6.2) and the resource parameter of the v1.0 endpoint.
func (t *transaction) checkUnsupported(form url.Values) *entraError {
	for name, oauth := range map[string]string{
		"request":     "request_not_supported",
		"request_uri": "request_uri_not_supported",
	} {
		if form.Get(name) != "" {
			e := newError(aadstsRequestInvalid, "the "+name+" parameter is not supported")
			e.oauth = oauth
			return e
		}
	}
	if form.Get("resource") != "" {
		return newError(aadstsResourceUnsupported)
	}
	return nil
}

// checkPKCE checks the code challenge (RFC 7636). It is recommended for all apps and required
// for single-page apps. Without a method, the challenge is the verifier itself
// (learn.microsoft.com, OAuth 2.0 authorization code flow).
func (t *transaction) checkPKCE(form url.Values) *entraError {
	const shortest, longest = 43, 128 // RFC 7636, 4.2
	method := form.Get("code_challenge_method")
	t.plain = method != "S256"
	switch {
	case t.challenge == "" && method != "":
		return newError(aadstsCodeChallengeMissing)
	case t.challenge == "" && t.redirect.spa, t.redirect.spa && method == "":
		return newError(aadstsPKCERequired)
	case t.challenge == "":
		return nil
	case !slices.Contains([]string{"", "plain", "S256"}, method):
		return newError(aadstsRequestInvalid, "the code_challenge_method must be S256 or plain")
	case len(t.challenge) < shortest || len(t.challenge) > longest:
		return newError(aadstsCodeChallengeSize)
	}
	return nil
}

// checkPrompt checks prompt, which has a single value, and the parameters that select an
// account.
func (t *transaction) checkPrompt(url.Values) *entraError {
	switch {
	case !slices.Contains([]string{"", "none", "login", "select_account", "create", "consent"}, t.prompt):
		return unsupportedPrompt()
	case t.session != "" && t.hint != "":
		return newError(aadstsTwoIdentifiers)
	}
	return nil
}

// checkMaxAge reads max_age (OpenID Connect Core 3.1.2.1).
func (t *transaction) checkMaxAge(form url.Values) *entraError {
	text := form.Get("max_age")
	if text == "" {
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return newError(aadstsRequestInvalid, "the max_age must be a number of seconds")
	}
	t.maxAge = time.Duration(seconds) * time.Second
	return nil
}
