package sts

import "net/http"

// API returns the routes that clients call over https. The tenant in a path is the GUID or
// the domain of the tenant.
func (s *STS) API() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	m.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	m.HandleFunc("/{tenant}/oauth2/v2.0/token", s.methodNotAllowed)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.deviceCode)
	return m
}

// Pages returns the routes that a user's browser opens. The service's own forms are
// protected against requests from other sites. The authorize endpoint is not, because
// clients may post to it from any site (OpenID Connect Core 3.1.2.1).
func (s *STS) Pages() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	m.HandleFunc("POST /{tenant}/oauth2/v2.0/authorize", s.authorize)
	m.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", s.logout)
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
	form("/sign-in/new", s.step(s.startSignUp))
	form("/sign-in/forgotten", s.step(s.startReset))
	form("/sign-in/forgot", s.step(s.requestReset))
	form("/sign-in/new-password", s.step(s.newPassword))
	form("/sign-in/code", s.step(s.enterCode))
	form("/sign-in/resend", s.step(s.resendCode))
	form("/sign-in/cancel", s.step(s.cancel))
	return m
}
