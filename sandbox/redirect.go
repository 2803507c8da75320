package sandbox

import (
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// maxRedirectURIs limits the redirect URIs of an app (learn.microsoft.com, "Service limits and
// restrictions" of external tenants, and "Redirect URI (reply URL) restrictions and
// limitations").
const maxRedirectURIs = 100

// checkRedirectURIs returns an error if Entra would not accept the redirect URIs of an app. It
// names the URI and the rule.
func checkRedirectURIs(a control.App) error {
	if len(a.RedirectURIs)+len(a.SPARedirectURIs) > maxRedirectURIs {
		return invalid("redirectUris", "an app has at most %d redirect URIs", maxRedirectURIs)
	}
	for i, uri := range a.RedirectURIs {
		if err := sts.CheckRedirectURI(uri, a.Public); err != nil {
			return invalidItem("redirectUris", i, "the redirect URI %q %s", uri, err)
		}
	}
	for i, uri := range a.SPARedirectURIs {
		if err := sts.CheckRedirectURI(uri, false); err != nil {
			return invalidItem("spaRedirectUris", i, "the redirect URI %q of a single-page app %s", uri, err)
		}
	}
	if a.LogoutURL != "" {
		if err := sts.CheckRedirectURI(a.LogoutURL, false); err != nil {
			return invalid("logoutUrl", "the logout URL %q %s", a.LogoutURL, err)
		}
	}
	return nil
}
