package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

// Pages about the subjects of checks.
const (
	pageRedirect = "https://learn.microsoft.com/entra/identity-platform/reply-url"
	pageConsent  = "https://learn.microsoft.com/entra/identity-platform/permissions-consent-overview"
	pagePolicy   = "https://learn.microsoft.com/entra/external-id/customers/how-to-multifactor-authentication-customers"
	pageFlow     = "https://learn.microsoft.com/entra/external-id/customers/how-to-user-flow-add-application"
	pageCode     = "https://learn.microsoft.com/entra/external-id/customers/sample-browserless-app-dotnet-sign-in"
)

// local returns the checks of this machine that need no network.
func (e *examination) local() []Check {
	const settings = "config.origins"
	return []Check{
		{ID: settings, Run: e.checkSettings},
		{ID: "net.proxy", Needs: []string{settings}, Run: e.checkProxy},
		{ID: "redirect.port", Link: pageRedirect, Needs: []string{settings}, Run: e.checkPort},
		{ID: "browser.open", Link: pageCode, Run: e.checkBrowser},
	}
}

// checkSettings reports where the settings come from. An edit needs all of them.
func (e *examination) checkSettings(context.Context) Result {
	var err error
	if e.settings, err = e.Settings(); err != nil {
		return failed(err)
	}
	if e.form, err = authority.Parse(e.settings.Text("authority")); err != nil {
		return failed(err)
	}
	if e.http, err = e.HTTP(); err != nil {
		return failed(err)
	}
	e.midTier = e.settings.Text("mid-tier")
	if !e.settings.Configured("edit-scope") {
		return warning(&fault.Error{
			Kind:    fault.Usage,
			What:    "edits need the setting edit-scope, which is not configured",
			Fix:     "set it",
			Setting: "edit-scope",
		})
	}
	var origins []string
	for _, name := range []string{"authority", "client-id", "edit-scope", "mid-tier"} {
		origins = append(origins, name+" from "+e.settings.Origin(name))
	}
	return ok(strings.Join(origins, ", "))
}

// checkProxy reports which proxy requests to the tenant use.
func (e *examination) checkProxy(ctx context.Context) Result {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.form.DiscoveryURL(), http.NoBody)
	if err != nil {
		return failed(err)
	}
	proxy, err := e.Proxy(req)
	switch {
	case err != nil:
		return failed(&fault.Error{
			Kind: fault.Usage,
			What: "the address of the proxy is not valid",
			Fix:  "correct HTTPS_PROXY in the environment",
			Err:  err,
		})
	case proxy == nil:
		return ok("no proxy")
	}
	return ok("the proxy " + (&url.URL{Scheme: proxy.Scheme, Host: proxy.Host}).String()) // without its password
}

// checkPort opens the port that the browser returns to.
func (e *examination) checkPort(ctx context.Context) Result {
	port := e.settings.Int("redirect-port")
	if err := auth.CheckPort(ctx, port); err != nil {
		return failed(err)
	}
	if port == 0 {
		return ok("any free port of localhost")
	}
	return ok("port " + strconv.Itoa(port) + " of localhost is free")
}

// checkBrowser reports which command opens the sign-in page.
func (e *examination) checkBrowser(context.Context) Result {
	command, why := e.Browser()
	if command == "" {
		return warning(&fault.Error{Kind: fault.Usage, What: why, Next: fault.DoOpenPage})
	}
	return ok("pages open with " + command)
}
