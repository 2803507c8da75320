package sts

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxRedirectURI is the greatest length of a redirect URI, in characters (learn.microsoft.com,
// "Redirect URI (reply URL) restrictions and limitations").
const maxRedirectURI = 256

// CheckRedirectURI returns which rule of Entra a redirect URI breaks, or nil. Mobile and desktop
// apps may also use a scheme of their own, such as msal{client id}://auth.
func CheckRedirectURI(uri string, native bool) error {
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
	case IsWeb(u) && u.Hostname() == "::1":
		return errors.New("uses the IPv6 loopback address; use localhost or 127.0.0.1")
	case u.Scheme == "https" && u.Host != "", IsLoopback(u), native && isAppScheme(u):
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
