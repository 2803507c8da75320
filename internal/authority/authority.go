// Package authority turns any name of a tenant into its authority, the one form
// that the rest of the program uses.
//
// Users name their tenant by a subdomain, a GUID, contoso.onmicrosoft.com, a URL or
// a custom domain, and the service accepts each of them. But every external tenant
// calls itself https://{tenant id}.ciamlogin.com/{tenant id}, whatever host the
// request went to, and MSAL Go rejects an issuer of a different host. So Parse
// reads the name, Discover requests the tenant's OpenID configuration once and
// validates it by MSAL.NET's issuer rule, and Transport shows it to MSAL under the
// authority's own name. The authority of a tenant must never change, because it is
// part of the keys in MSAL's cache.
package authority

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/loopback"
)

const (
	ciam        = ".ciamlogin.com"   // all external tenants have their hosts in this domain
	onMicrosoft = ".onmicrosoft.com" // and their default domains in this one
)

// Form is a parsed name of a tenant: the host for requests, and the tenant as the
// first segment of the path.
type Form struct {
	Host   string // with a port, if one was given
	Tenant string // GUID or domain
}

// Parse reads a tenant's name in any form. It returns a Usage fault, whose fix
// lists the forms, if text is not one of them.
func Parse(text string) (Form, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	host, path, _ := strings.Cut(text, "/")
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		switch {
		case err != nil, u.Scheme != "https", u.Host == "":
			return Form{}, malformed(text)
		case u.User != nil, u.RawQuery != "", u.Fragment != "":
			return Form{}, malformed(text)
		}
		host, path = u.Host, u.Path
	}
	tenant, _, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if host == "login.microsoftonline.com" || strings.HasSuffix(host, ".b2clogin.com") {
		return Form{}, &fault.Error{
			Kind: fault.Usage,
			What: host + " does not sign in customers of an external tenant (AADSTS500208)",
			Fix:  "use the tenant's subdomain, as in https://contoso.ciamlogin.com",
		}
	}
	if tenant == "" {
		return fromHost(text, host)
	}
	if (guid.Valid(tenant) || isDomain(tenant)) && isHost(host) {
		return Form{Host: host, Tenant: tenant}, nil
	}
	return Form{}, malformed(text)
}

// fromHost completes a name without a path.
func fromHost(text, host string) (Form, error) {
	name := strings.TrimSuffix(host, ciam)
	switch {
	case guid.Valid(name):
		return Form{Host: name + ciam, Tenant: name}, nil
	case isLabel(name):
		return Form{Host: name + ciam, Tenant: name + onMicrosoft}, nil
	case isDomain(host) && strings.HasSuffix(host, onMicrosoft):
		return Form{Host: strings.TrimSuffix(host, onMicrosoft) + ciam, Tenant: host}, nil
	case isDomain(host):
		return Form{}, &fault.Error{
			Kind: fault.Usage,
			What: "the custom domain " + host + " does not say which tenant is meant",
			Fix:  "add the tenant's id or name: https://" + host + "/<tenant id>",
		}
	default:
		return Form{}, malformed(text)
	}
}

// isLabel reports whether s is a label of a DNS name in lower case.
func isLabel(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-"
	unusual := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	return s != "" && !strings.ContainsFunc(s, unusual) && s[0] != '-' && s[len(s)-1] != '-'
}

// isDomain reports whether s is a DNS name of at least two labels.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	return len(labels) > 1
}

// isHost reports whether s is a DNS name, localhost or an IP address, with or
// without a port.
func isHost(s string) bool {
	u, err := url.Parse("https://" + s)
	if err != nil || u.Host != s || u.Hostname() == "" {
		return false
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return true
	}
	return loopback.IsHost(u.Hostname()) || isDomain(u.Hostname())
}

func malformed(text string) error {
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("%q is not an authority", text),
		Fix: "use the subdomain (contoso), the tenant id, contoso.onmicrosoft.com, " +
			"or an https URL such as https://contoso.ciamlogin.com",
	}
}

// DiscoveryURL returns the address of the tenant's OpenID configuration.
func (f Form) DiscoveryURL() string {
	return "https://" + f.Host + "/" + f.Tenant + "/v2.0/.well-known/openid-configuration"
}

// String returns the form as an https URL.
func (f Form) String() string { return "https://" + f.Host + "/" + f.Tenant }
