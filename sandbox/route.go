package sandbox

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
)

// The parts of a tenant, as Fault and Request name them.
const (
	discoveryPart = "discovery"
	keysPart      = "keys"
	tokenPart     = "token"
	graphPart     = "graph"
	pagesPart     = "pages"
)

func parts() []string { return []string{discoveryPart, keysPart, tokenPart, graphPart, pagesPart} }

// partOf returns the part of the tenant that an address belongs to.
func partOf(host, path string) string {
	switch {
	case isGraph(host, path):
		return graphPart
	case strings.HasSuffix(path, "/openid-configuration"):
		return discoveryPart
	case strings.HasSuffix(path, "/discovery/v2.0/keys"), strings.HasSuffix(path, "/discovery/keys"):
		return keysPart
	case strings.HasSuffix(path, "/token"), strings.HasSuffix(path, "/devicecode"):
		return tokenPart
	}
	return pagesPart
}

// isGraph reports whether an address is one of Microsoft Graph, whose paths ignore case:
// by its host name, or at the tenant's own address by its path.
func isGraph(host, path string) bool {
	host, _, _ = strings.Cut(host, ":")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.EqualFold(host, "graph.microsoft.com") || strings.EqualFold(first, "v1.0") ||
		strings.EqualFold(first, "beta") || strings.EqualFold(first, "oidc")
}

// route returns the handler behind API.
func (t *Tenant) route(sts, graph, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part := partOf(r.Host, r.URL.Path)
		switch {
		case part == graphPart:
			graph.ServeHTTP(w, r)
		case part == pagesPart && t.servesPages(r.Host):
			pages.ServeHTTP(w, r)
		case isBrowserPath(r.URL.Path) && t.config.PagesAddress != "":
			page := t.config.PagesAddress + r.URL.RequestURI()
			http.Redirect(w, r, page, http.StatusTemporaryRedirect) //nolint:gosec // the host is the tenant's own
		default:
			sts.ServeHTTP(w, r)
		}
	})
}

// servesPages reports whether a host of the API also serves the pages: one of the
// real service, which has one host for both, or the sandbox's own if it is
// configured as the address of both.
func (t *Tenant) servesPages(host string) bool {
	ownAddress := t.config.APIAddress
	return strings.HasSuffix(host, ".ciamlogin.com") || ownAddress != "" && ownAddress == t.config.PagesAddress
}

// isBrowserPath reports whether path is a page whose address clients build from
// the authority, instead of taking it from discovery, as many apps do for
// sign-out.
func isBrowserPath(path string) bool {
	return strings.HasSuffix(path, "/oauth2/v2.0/authorize") ||
		strings.HasSuffix(path, "/oauth2/v2.0/logout") ||
		path == "/common/oauth2/deviceauth"
}

// guard wraps the API and the pages. It rejects requests under foreign host
// names, so that no website can reach the tenant under a name of its own (DNS
// rebinding), records the requests, and produces the faults.
func (t *Tenant) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part := partOf(r.Host, r.URL.Path)
		ctx, record := audit.With(r.Context())
		r = r.WithContext(ctx)
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		if !t.knownHost(r.Host) {
			http.Error(recorder, "the sandbox does not serve this host name", http.StatusMisdirectedRequest)
			record.Refused("", "the tenant does not have the host name %q", r.Host)
			t.addToAudit(r, record, part, recorder.status)
			return
		}
		defer t.record(r, record, part, recorder)
		if f, found := t.nextFault(part); found && t.fail(f, recorder, r, next) {
			return
		}
		next.ServeHTTP(recorder, r)
	})
}

// knownHost reports whether host, with or without a port, is a name of the
// tenant: one of its addresses, their equivalents on loopback, or a host name of
// the real service.
func (t *Tenant) knownHost(host string) bool {
	host = strings.ToLower(host)
	for _, origin := range []string{t.config.APIAddress, t.config.PagesAddress, t.config.ControlAddress} {
		if isHostOf(origin, host) {
			return true
		}
	}
	name, _, _ := strings.Cut(host, ":")
	facts := t.Facts()
	return name == facts.TenantID+".ciamlogin.com" || name == facts.Subdomain+".ciamlogin.com" ||
		name == "graph.microsoft.com"
}

// isHostOf reports whether host is that of an origin, or its equivalent on loopback.
func isHostOf(origin, host string) bool {
	_, address, _ := strings.Cut(origin, "://")
	if address == "" {
		return false
	}
	_, port, _ := net.SplitHostPort(address)
	loopback := []string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}
	return host == address || port != "" && slices.Contains(loopback, host)
}
