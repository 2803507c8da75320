package sts

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// spaLife is the lifetime of the refresh tokens of a single-page app, together with all their
// successors (learn.microsoft.com, "Refresh tokens in the Microsoft identity platform").
const spaLife = 24 * time.Hour

// AllowsOrigin reports whether some app has registered a redirect URI for the platform
// "single-page application" at an origin, such as http://localhost:5173. Scripts of that
// origin may read the responses of the API (CORS). A redirect URI of localhost without a port
// allows every port.
func (s *STS) AllowsOrigin(origin string) (allowed bool) {
	s.Directory.View(func(d *directory.State) {
		allowed = slices.ContainsFunc(d.Apps, func(a directory.App) bool {
			return slices.ContainsFunc(a.SPARedirectURIs, func(uri string) bool { return hasOrigin(uri, origin) })
		})
	})
	return allowed
}

// SharesErrors reports whether scripts of an origin may read the responses of the token
// service: those of single-page apps, and those at a redirect URI of a web app. The token
// requests of the latter all fail, and Entra lets the scripts read why: public reports show
// AADSTS9002326 in consoles of browsers (Azure-Samples/ms-identity-javascript-react-tutorial#249).
func (s *STS) SharesErrors(origin string) bool {
	shared := s.AllowsOrigin(origin)
	s.Directory.View(func(d *directory.State) {
		shared = shared || slices.ContainsFunc(d.Apps, func(a directory.App) bool {
			hasIt := func(uri string) bool { return hasOrigin(uri, origin) }
			return !a.Public() && slices.ContainsFunc(a.RedirectURIs, hasIt)
		})
	})
	return shared
}

// hasOrigin reports whether a redirect URI belongs to an origin.
func hasOrigin(uri, origin string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Scheme+"://"+u.Host, origin) {
		return true
	}
	o, err := url.Parse(origin)
	return err == nil && IsLoopback(u) && u.Port() == "" &&
		u.Scheme == o.Scheme && u.Hostname() == o.Hostname() &&
		origin == o.Scheme+"://"+o.Host // nothing but scheme, host and port
}

// checkOrigin checks that scripts in browsers, and only they, redeem what was issued to a
// single-page app: their requests carry an Origin header. A client that proves its identity
// must not send one, so that no secret gets into a browser (learn.microsoft.com, OAuth 2.0
// authorization code flow, "Redirect URIs for single-page apps"). spa reports whether the
// grant was issued to a redirect URI of a single-page app.
func (t tokenRequest) checkOrigin(spa bool) *entraError {
	switch {
	case spa && t.origin == "":
		return newError(aadstsSPAWithoutOrigin)
	case !spa && t.origin != "":
		return newError(aadstsOriginWithoutSPA, t.origin)
	case !spa && !t.app.Public() && t.azpacr == azpacrPublic:
		return newError(aadstsClientCredentialMissing)
	}
	return nil
}

// actsAsSPA reports whether a request without a credential may come from the app's single-page
// part. checkOrigin then checks what it redeems.
func actsAsSPA(app directory.App, origin string) bool {
	hasCredential := len(app.Secrets)+len(app.Certificates)+len(app.Workloads) > 0
	return len(app.SPARedirectURIs) > 0 && (origin != "" || !hasCredential)
}
