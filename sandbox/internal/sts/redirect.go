package sts

import (
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// allowsRedirect reports whether responses to an app may go to a redirect URI. The URI must
// be registered exactly, except that http://localhost may have any port if the app is a
// public client (learn.microsoft.com, "Redirect URI (reply URL) best practices and
// limitations").
func allowsRedirect(app directory.App, uri string) bool {
	requested, isLocal := parseLocalhost(uri)
	return slices.ContainsFunc(app.RedirectURIs, func(registeredURI string) bool {
		if registeredURI == uri {
			return true
		}
		registered, registeredLocal := parseLocalhost(registeredURI)
		return isLocal && registeredLocal && app.Public &&
			strings.TrimSuffix(registered.Path, "/") == strings.TrimSuffix(requested.Path, "/") &&
			registered.RawQuery == requested.RawQuery
	})
}

// redirectMismatch returns the error for a redirect URI that is not registered.
func redirectMismatch(app directory.App, uri string) *entraError {
	registered := "none"
	if len(app.RedirectURIs) > 0 {
		registered = strings.Join(app.RedirectURIs, " ")
	}
	return newError(aadstsRedirectURIMismatch).
		because("the redirect URI %q is not registered for %s; registered: %s", uri, app.Name, registered)
}

// parseLocalhost parses a redirect URI and reports whether it is one with http://localhost,
// whose port is ignored.
func parseLocalhost(uri string) (u *url.URL, ok bool) {
	u, err := url.Parse(uri)
	ok = err == nil && u.Scheme == "http" && u.Hostname() == "localhost" &&
		u.User == nil && u.Fragment == ""
	return u, ok
}

// anyAllowsRedirect reports whether some app has registered the URI. The user may return to
// such a URI after sign-out.
func (s *STS) anyAllowsRedirect(uri string) (found bool) {
	s.Directory.View(func(d *directory.State) {
		found = slices.ContainsFunc(d.Apps, func(a directory.App) bool { return allowsRedirect(a, uri) })
	})
	return found
}

// origin returns the scheme and host of a redirect URI, for a Content-Security-Policy.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
