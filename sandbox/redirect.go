package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// The limits of redirect URIs (learn.microsoft.com, "Service limits and restrictions" of
// external tenants, and "Redirect URI (reply URL) restrictions and limitations").
const (
	maxRedirectURIs = 100
	maxRedirectURI  = 256 // characters
)

// checkRedirectURIs returns an error if Entra would not accept the redirect URIs of an app. It
// names the URI and the rule.
func checkRedirectURIs(a control.App) error {
	if len(a.RedirectURIs)+len(a.SPARedirectURIs) > maxRedirectURIs {
		return invalid("redirectUris", "an app has at most %d redirect URIs", maxRedirectURIs)
	}
	for i, uri := range a.RedirectURIs {
		if err := checkRedirectURI(uri, a.Public); err != nil {
			return invalidItem("redirectUris", i, "the redirect URI %q %s", uri, err)
		}
	}
	for i, uri := range a.SPARedirectURIs {
		if err := checkRedirectURI(uri, false); err != nil {
			return invalidItem("spaRedirectUris", i, "the redirect URI %q of a single-page app %s", uri, err)
		}
	}
	if a.LogoutURL != "" {
		if err := checkRedirectURI(a.LogoutURL, false); err != nil {
			return invalid("logoutUrl", "the logout URL %q %s", a.LogoutURL, err)
		}
	}
	return nil
}

// checkRedirectURI returns which rule a redirect URI breaks. Mobile and desktop apps may also
// use a scheme of their own, such as msal{client id}://auth.
func checkRedirectURI(uri string, native bool) error {
	u, err := url.Parse(uri)
	switch {
	case len(uri) > maxRedirectURI:
		return fmt.Errorf("is longer than %d characters", maxRedirectURI)
	case strings.Contains(uri, "*"):
		return errors.New("contains a wildcard, which the sandbox does not support")
	case strings.ContainsAny(uri, "!$'(),;"):
		return errors.New("contains one of the characters ! $ ' ( ) , ;")
	case err != nil || !u.IsAbs() || strings.ContainsAny(uri, " \t"):
		return errors.New("is not an absolute URI")
	case strings.Contains(uri, "#"):
		return errors.New("contains a fragment")
	case u.User != nil:
		return errors.New("contains a user name")
	case sts.IsWeb(u) && u.Hostname() == "::1":
		return errors.New("uses the IPv6 loopback address; use localhost or 127.0.0.1")
	case u.Scheme == "https" && u.Host != "", sts.IsLoopback(u), native && isAppScheme(u):
		return nil
	}
	return errors.New("is neither https nor http://localhost")
}

// isAppScheme reports whether a URI has a scheme that an app can register with the operating
// system. Schemes that browsers handle themselves are excluded.
func isAppScheme(u *url.URL) bool {
	ofBrowsers := []string{"about", "blob", "data", "file", "http", "https", "javascript", "vbscript"}
	return !slices.Contains(ofBrowsers, u.Scheme) && len(u.String()) > len(u.Scheme)+1
}
