package setup

import (
	"slices"
	"strings"
)

// claims adds optional claims to the access token.
func (c *comparison) claims(names ...string) {
	var all optionalClaims
	if c.found.OptionalClaims != nil {
		all = *c.found.OptionalClaims
	}
	all.AccessToken = slices.Clone(all.AccessToken)
	var found, missing []string
	for _, claim := range all.AccessToken {
		found = append(found, claim.Name)
	}
	for _, name := range names {
		if !slices.Contains(found, name) {
			missing = append(missing, name)
			all.AccessToken = append(all.AccessToken, optionalClaim{Name: name})
		}
	}
	if len(missing) > 0 {
		c.patch.OptionalClaims = &all
		c.differ("optionalClaims.accessToken", strings.Join(found, " "), strings.Join(append(found, missing...), " "))
	}
}

func (c *comparison) publicClient(redirectURI string) {
	public := true
	if v := c.found.IsFallbackPublicClient; v == nil || !*v {
		c.patch.IsFallbackPublicClient = &public
		c.differ("isFallbackPublicClient", v != nil && *v, public)
	}
	var found []string
	if c.found.PublicClient != nil {
		found = c.found.PublicClient.RedirectURIs
	}
	if d := added("publicClient.redirectUris", found, []string{redirectURI}); d != nil {
		c.patch.PublicClient = &redirects{RedirectURIs: union(found, []string{redirectURI})}
		c.differ(d[0].Property, d[0].From, d[0].To)
	}
}

// access adds delegated permissions of a resource. label describes them for users.
func (c *comparison) access(resource string, scopes []string, label string) {
	var wanted []access
	for _, id := range scopes {
		wanted = append(wanted, access{ID: id, Type: "Scope"})
	}
	c.requires(resource, wanted, label)
}

// requires adds permissions of a resource.
func (c *comparison) requires(resource string, wanted []access, label string) {
	all := c.found.RequiredResourceAccess
	if c.patch.RequiredResourceAccess != nil {
		all = c.patch.RequiredResourceAccess
	}
	all = slices.Clone(all)
	i := slices.IndexFunc(all, func(r resourceAccess) bool { return r.ResourceAppID == resource })
	if i < 0 {
		i = len(all)
		all = append(all, resourceAccess{ResourceAppID: resource})
	}
	entries, complete := slices.Clone(all[i].Access), true
	for _, entry := range wanted {
		if !slices.Contains(entries, entry) {
			entries, complete = append(entries, entry), false
		}
	}
	if complete {
		return
	}
	all[i].Access = entries
	c.patch.RequiredResourceAccess = all
	c.differ("requiredResourceAccess", "", label)
}
