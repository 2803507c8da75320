package sts

import (
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// redirectURI is a redirect URI of an authorization request that the app has registered.
type redirectURI struct {
	uri string
	spa bool // whether it is registered for the platform "single-page application"
}

// findRedirect returns the registered redirect URI that matches the one of a request. If the
// request has none, it returns the first that is registered: the real service picks any
// (learn.microsoft.com, "OpenID Connect on the Microsoft identity platform").
func findRedirect(app directory.App, requested string) (redirectURI, *entraError) {
	registered := registeredRedirects(app)
	switch {
	case len(registered) == 0:
		return redirectURI{}, newError(aadstsNoRedirectURI)
	case requested == "":
		return registered[0], nil
	}
	// An exact match decides, because the port of localhost does not tell two URIs apart.
	for _, matches := range []func(string, string) bool{equal, sameRedirect} {
		i := slices.IndexFunc(registered, func(r redirectURI) bool { return matches(r.uri, requested) })
		if i >= 0 {
			return redirectURI{uri: requested, spa: registered[i].spa}, nil
		}
	}
	return redirectURI{}, redirectMismatch(app, requested)
}

// redirectMismatch returns the error for a redirect URI that is not registered.
func redirectMismatch(app directory.App, uri string) *entraError {
	registered := strings.Join(slices.Concat(app.AllRedirectURIs(), app.SPARedirectURIs), " ")
	return newError(aadstsRedirectURIMismatch, uri, app.ID).
		because("the redirect URI %q is not registered for %s; registered: %s", uri, app.Name, registered)
}

func equal(a, b string) bool { return a == b }

func registeredRedirects(app directory.App) []redirectURI {
	var all []redirectURI
	for _, uri := range app.AllRedirectURIs() {
		all = append(all, redirectURI{uri: uri})
	}
	for _, uri := range app.SPARedirectURIs {
		all = append(all, redirectURI{uri: uri, spa: true})
	}
	return all
}

// sameRedirect reports whether a requested redirect URI matches a registered one. They must
// be equal, including the case of the path, with two exceptions: the port of localhost and
// 127.0.0.1 is ignored, whatever the platform, and an empty path is "/" (learn.microsoft.com,
// "Redirect URI (reply URL) restrictions and limitations").
func sameRedirect(registered, requested string) bool {
	a, err1 := url.Parse(registered)
	b, err2 := url.Parse(requested)
	if err1 != nil || err2 != nil || strings.Contains(requested, "#") || b.User != nil {
		return false
	}
	sameHost := a.Host == b.Host || IsLoopback(a) && a.Hostname() == b.Hostname()
	return sameHost && a.Host != "" && a.Scheme == b.Scheme && rooted(a) == rooted(b) &&
		a.RawQuery == b.RawQuery && a.ForceQuery == b.ForceQuery
}

// IsLoopback reports whether the host of a redirect URI is localhost or 127.0.0.1. Only such
// URIs may use http. The IPv6 loopback address is not supported (same page).
func IsLoopback(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") &&
		(u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// rooted returns the path of a URI, with "/" for an empty path.
func rooted(u *url.URL) string {
	if u.EscapedPath() == "" {
		return "/"
	}
	return u.EscapedPath()
}

// responseURI returns the address that an authorization response in the query or the fragment
// goes to. A redirect URI without a path gets a slash (same page).
func responseURI(redirect, mode string, values url.Values) (string, error) {
	u, err := url.Parse(redirect)
	if err != nil {
		return "", err
	}
	if u.Host != "" && u.Path == "" && IsWeb(u) {
		u.Path = "/"
	}
	if mode == modeFragment {
		return u.String() + "#" + values.Encode(), nil
	}
	q := u.Query()
	for name := range values {
		q.Set(name, values.Get(name))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// IsWeb reports whether a redirect URI is a web address.
func IsWeb(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// anyAllowsRedirect reports whether some app has registered the URI. The user may return to
// such a URI after sign-out.
func (s *STS) anyAllowsRedirect(uri string) (found bool) {
	s.Directory.View(func(d *directory.State) {
		found = slices.ContainsFunc(d.Apps, func(a directory.App) bool {
			_, e := findRedirect(a, uri)
			return e == nil
		})
	})
	return found
}

// origin returns the scheme and host of a redirect URI, for a Content-Security-Policy.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if u.Host == "" || !IsWeb(u) {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
