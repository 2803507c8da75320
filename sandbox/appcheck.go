package sandbox

import (
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// checkUsable returns an error if users could not sign in to an app and clients could not call
// it. Administrators may register such apps through Graph, but this is a mistake elsewhere.
func checkUsable(a control.App) error {
	if len(a.RedirectURIs)+len(a.SPARedirectURIs)+len(a.Scopes)+len(a.AppRoles) == 0 {
		return invalid("redirectUris", "an app needs a redirect URI, a scope or an application permission")
	}
	return nil
}

func checkApp(a control.App) error {
	switch {
	case !sts.IsGUID(a.ID):
		return invalid("id", "the client id %q is not a GUID", a.ID)
	case a.Name == "":
		return invalid("name", "an app needs a name")
	case a.TokenVersion < 0 || a.TokenVersion > 2:
		return invalid("tokenVersion", "the token version must be 1 or 2")
	case a.AppIDURI != "" && !strings.Contains(a.AppIDURI, "://"):
		return invalid("appIdUri", "the App ID URI %q is not a URI", a.AppIDURI)
	case a.Public && a.Secret != "":
		return invalid("secret", "a public client has no secret")
	}
	for i, scope := range a.Scopes {
		if scope == "" || strings.ContainsAny(scope, "/ ") {
			return invalidItem("scopes", i, "the scope %q must be a name without spaces and slashes", scope)
		}
	}
	return checkRedirectURIs(a)
}
