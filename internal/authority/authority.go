// Package authority turns what a person calls their tenant into the one form
// in which it is used everywhere: the authority.
//
// People write a subdomain, a GUID, contoso.onmicrosoft.com, a whole URL or a
// custom domain, and all of them are right: the service answers each. But every
// external tenant calls itself https://{tenant id}.ciamlogin.com/{tenant id},
// whatever host was asked, and MSAL Go refuses a host that differs. So Parse
// reads the form, Discover asks the tenant once who it is and holds the answer
// against MSAL.NET's issuer rule, and Transport shows MSAL that answer under
// the authority's own name. The canonical form must never change for a tenant:
// MSAL's cache keys hold it.
package authority

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/loopback"
)

// ciam is the domain under which every external tenant has its hosts.
const ciam = ".ciamlogin.com"

var (
	subdomain = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// Form is what a person wrote, understood: the host to ask and the tenant as
// the first segment of the path.
type Form struct {
	Host   string // with a port, if one was given
	Tenant string // GUID or domain
}

// Parse reads any form of an authority. The forms are listed in the fix of the
// Usage fault that it returns for anything else.
func Parse(text string) (Form, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	host, path := text, ""
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return Form{}, malformed(text)
		}
		host, path = u.Host, u.Path
	} else if before, after, cut := strings.Cut(text, "/"); cut {
		host, path = before, after
	}
	tenant, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
	return complete(text, host, tenant)
}

// complete fills in what a short form leaves out.
func complete(text, host, tenant string) (Form, error) {
	sub, isCIAM := strings.CutSuffix(host, ciam)
	switch {
	case host == "login.microsoftonline.com", strings.HasSuffix(host, ".b2clogin.com"):
		return Form{}, &fault.Error{
			Kind: fault.Usage, What: host + " does not sign in customers of an external tenant (AADSTS500208)",
			Fix: "use the tenant's subdomain, as in https://contoso.ciamlogin.com",
		}
	case tenant != "" && !guid.Valid(tenant) && !domain(tenant):
		return Form{}, malformed(text)
	case guid.Valid(host) && tenant == "":
		return Form{Host: host + ciam, Tenant: host}, nil
	case strings.HasSuffix(host, ".onmicrosoft.com") && tenant == "":
		return Form{Host: strings.TrimSuffix(host, ".onmicrosoft.com") + ciam, Tenant: host}, nil
	case subdomain.MatchString(host) && tenant == "":
		return Form{Host: host + ciam, Tenant: host + ".onmicrosoft.com"}, nil
	case isCIAM && guid.Valid(sub) && tenant == "":
		return Form{Host: host, Tenant: sub}, nil
	case isCIAM && subdomain.MatchString(sub) && tenant == "":
		return Form{Host: host, Tenant: sub + ".onmicrosoft.com"}, nil
	case tenant == "" && domain(host):
		return Form{}, &fault.Error{
			Kind: fault.Usage, What: "the custom domain " + host + " does not say which tenant is meant",
			Fix: "add the tenant's id or name: https://" + host + "/<tenant id>",
		}
	case tenant != "" && validHost(host):
		return Form{Host: host, Tenant: tenant}, nil
	}
	return Form{}, malformed(text)
}

// domain tells a DNS name of at least two labels.
func domain(name string) bool {
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if !subdomain.MatchString(label) {
			return false
		}
	}
	return len(labels) > 1
}

// validHost tells a DNS name, localhost or an IP address, with or without a port.
func validHost(host string) bool {
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" {
		return false
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return true
	}
	return loopback.IsHost(u.Hostname()) || domain(u.Hostname())
}

func malformed(text string) error {
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return &fault.Error{
		Kind: fault.Usage, What: fmt.Sprintf("%q is not an authority", text),
		Fix: "write the subdomain (contoso), the tenant id, contoso.onmicrosoft.com, or an https URL such as https://contoso.ciamlogin.com",
	}
}

// DiscoveryURL returns the address of the tenant's OpenID configuration.
func (f Form) DiscoveryURL() string {
	return "https://" + f.Host + "/" + f.Tenant + "/v2.0/.well-known/openid-configuration"
}

// String returns the form as an https URL.
func (f Form) String() string { return "https://" + f.Host + "/" + f.Tenant }
