package sts

import "net/http"

// API returns the routes that clients call over https. The tenant in a path is the GUID or
// the domain of the tenant.
func (s *STS) API() http.Handler {
	m := http.NewServeMux()
	static := func(pattern string, h http.HandlerFunc) { m.Handle(pattern, s.limited(costStatic, s.writeError, h)) }
	static("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	static("GET /{tenant}/.well-known/openid-configuration", s.discoveryV1)
	static("GET /{tenant}/discovery/v2.0/keys", s.keys)
	static("GET /{tenant}/discovery/keys", s.keys)
	static("POST /{tenant}/oauth2/v2.0/token", s.token)
	static("/{tenant}/oauth2/v2.0/token", s.methodNotAllowed)
	static("POST /{tenant}/oauth2/v2.0/devicecode", s.deviceCode)
	static("/{tenant}/oauth2/v2.0/devicecode", s.methodNotAllowed)
	return withHeaders(m)
}

// Pages returns the routes that a user's browser opens. The service's own forms are
// protected against requests from other sites. The authorize endpoint is not, because
// clients may post to it from any site (OpenID Connect Core 3.1.2.1).
func (s *STS) Pages() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.authorize)
	logout := s.limited(costStatic, s.errorPage, s.logout)
	m.Handle("GET /{tenant}/oauth2/v2.0/logout", logout)
	m.Handle("POST /{tenant}/oauth2/v2.0/logout", logout)
	m.HandleFunc("GET /common/oauth2/deviceauth", s.devicePage)
	m.HandleFunc("GET /mailbox", s.mailPage)
	m.HandleFunc("GET /mailbox.json", s.mailJSON)
	m.HandleFunc("GET /{$}", s.home)

	guard := http.NewCrossOriginProtection()
	form := func(path string, h http.HandlerFunc) { m.Handle("POST "+path, guard.Handler(h)) }
	form("/common/oauth2/deviceauth", s.enterUserCode)
	form("/sign-in/password", s.step(s.enterPassword))
	form("/sign-in/account", s.step(s.chooseAccount))
	form("/sign-in/sign-up", s.step(s.signUp))
	form("/sign-in/new", s.limited(costSignUp-costSignIn, s.errorPage, s.step(s.startSignUp)))
	form("/sign-in/forgotten", s.step(s.startReset))
	form("/sign-in/forgot", s.limited(costReset, s.errorPage, s.step(s.requestReset)))
	form("/sign-in/new-password", s.step(s.newPassword))
	form("/sign-in/code", s.step(s.enterCode))
	form("/sign-in/resend", s.step(s.resendCode))
	form("/sign-in/consent", s.step(s.grantConsent))
	form("/sign-in/cancel", s.step(s.cancel))
	return withHeaders(m)
}
