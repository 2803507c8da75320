package setup

import "slices"

// merge adds what a newer reading found. What is known stays, because a replica may not
// have it yet.
func (t *Tenant) merge(found *Tenant) {
	t.midTier = mergedApp(t.midTier, found.midTier)
	t.client = mergedApp(t.client, found.client)
	t.attributes = mergedApp(t.attributes, found.attributes)
	for _, p := range []struct{ known, found *servicePrincipal }{
		{&t.midTierSP, &found.midTierSP}, {&t.clientSP, &found.clientSP}, {&t.attributesSP, &found.attributesSP},
	} {
		if p.known.ID == "" {
			*p.known = *p.found
		}
	}
	t.grants = merged(t.grants, found.grants, func(g grant) string { return g.ID })
	federated := func(f federatedCredential) string { return f.ID }
	t.federated = merged(t.federated, found.federated, federated)
	t.attributesFederated = merged(t.attributesFederated, found.attributesFederated, federated)
	t.roles = merged(t.roles, found.roles, func(r roleAssignment) string { return r.ID })
	t.policies = merged(t.policies, found.policies, func(p policy) string { return p.ID })
	t.flows = merged(t.flows, found.flows, func(f userFlow) string { return f.ID })
	if t.linkedTo == "" {
		t.linkedTo = found.linkedTo
	}
	if t.context.ID == "" {
		t.context = found.context
	}
}

// mergedApp returns the known application with the secrets of the found one: only they
// can be new.
func mergedApp(known, found application) application {
	if known.ID == "" {
		return found
	}
	known.PasswordCredentials = merged(known.PasswordCredentials, found.PasswordCredentials,
		func(p passwordCredential) string { return p.KeyID })
	return known
}

// merged returns known and what of found has another key.
func merged[T any](known, found []T, key func(T) string) []T {
	all := slices.Clone(known)
	for _, f := range found {
		if !slices.ContainsFunc(known, func(k T) bool { return key(k) == key(f) }) {
			all = append(all, f)
		}
	}
	return all
}
