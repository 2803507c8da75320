package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
)

// SetPolicy switches the seeded Conditional Access policy on or off. It guards the
// edit scope.
func (t *Tenant) SetPolicy(on bool) error { return t.SwitchPolicy(t.Facts().PolicyID, on) }

// SwitchPolicy switches the policy with an id or a name on or off.
func (t *Tenant) SwitchPolicy(id string, on bool) error {
	return t.directory.Update(func(d *directory.State) error {
		p, err := findPolicy(d, id)
		if err != nil {
			return err
		}
		p.Switch(on)
		return nil
	})
}

// Policies returns the tenant's Conditional Access policies.
func (t *Tenant) Policies() []control.Policy {
	all := []control.Policy{}
	t.directory.View(func(d *directory.State) {
		for _, p := range d.Policies {
			all = append(all, policy(p))
		}
	})
	return all
}

// AddPolicy adds a Conditional Access policy and returns it with its id. The policy
// must guard at least one API or authentication context.
func (t *Tenant) AddPolicy(p control.Policy) (control.Policy, error) {
	added := directory.NewPolicy(cmp.Or(p.ID, directory.NewID()), p.Name, p.On)
	added.Contexts = p.Contexts
	err := t.directory.Update(func(d *directory.State) error {
		var err error
		if added.APIs, err = findAPIs(d, p.APIs); err != nil {
			return err
		}
		if err := checkPolicy(d, added); err != nil {
			return err
		}
		d.Policies = append(d.Policies, added)
		return nil
	})
	return policy(added), err
}

// RemovePolicy removes the policy with an id or a name. The seeded policy cannot be removed,
// only switched off.
func (t *Tenant) RemovePolicy(id string) error {
	return t.directory.Update(func(d *directory.State) error {
		p, err := findPolicy(d, id)
		if err != nil {
			return err
		}
		if p.ID == t.factsIn(d).PolicyID {
			return errors.New("the policy of the edit scope cannot be removed; switch it off")
		}
		removed := p.ID
		d.Policies = slices.DeleteFunc(d.Policies, func(p directory.Policy) bool { return p.ID == removed })
		return nil
	})
}

// findPolicy returns the policy with an id, or the only one with a name.
func findPolicy(d *directory.State, idOrName string) (*directory.Policy, error) {
	if p, ok := d.PolicyByID(idOrName); ok {
		return p, nil
	}
	named := func(p directory.Policy) bool { return p.Name == idOrName }
	i := slices.IndexFunc(d.Policies, named)
	switch {
	case i < 0:
		return nil, missingError("policy " + idOrName)
	case slices.ContainsFunc(d.Policies[i+1:], named):
		return nil, fmt.Errorf("the sandbox has several policies called %q; name one by its id", idOrName)
	}
	return &d.Policies[i], nil
}

// findAPIs returns the client ids of APIs, each given by its client id or its App
// ID URI.
func findAPIs(d *directory.State, names []string) (ids []string, err error) {
	for i, name := range names {
		if name == directory.Everything {
			ids = append(ids, name)
			continue
		}
		api, ok := sts.FindAPI(d, name)
		if !ok || len(api.Scopes) == 0 {
			return nil, invalidItem("apis", i, "the sandbox has no API %s", name)
		}
		ids = append(ids, api.ID)
	}
	return ids, nil
}

func checkPolicy(d *directory.State, p directory.Policy) error {
	_, taken := d.PolicyByID(p.ID)
	switch {
	case p.Name == "":
		return invalid("name", "a policy needs a name")
	case taken:
		return invalid("id", "the sandbox already has a policy %s", p.ID)
	case len(p.APIs) == 0 && len(p.Contexts) == 0:
		return invalid("apis", "a policy needs an API or an authentication context")
	}
	for i, context := range p.Contexts {
		if !sts.IsContext(context) {
			return invalidItem("contexts", i, "an authentication context must be one of c1 to c99")
		}
	}
	return nil
}

// seededPolicy returns the policy that guards the edit scope.
func (t *Tenant) seededPolicy() (p control.Policy) {
	t.directory.View(func(d *directory.State) { p = policy(seededPolicy(d)) })
	return p
}

// seededPolicy returns the policy that guards the edit scope. It is the first one.
func seededPolicy(d *directory.State) (p directory.Policy) {
	if len(d.Policies) > 0 {
		p = d.Policies[0]
	}
	return p
}

func policy(p directory.Policy) control.Policy {
	return control.Policy{ID: p.ID, Name: p.Name, On: p.On(), APIs: p.APIs, Contexts: p.Contexts}
}

// SetConsent grants or withdraws the mid-tier's permission for Graph. Microsoft's
// quickstart leaves this step out.
func (t *Tenant) SetConsent(granted bool) error {
	return t.directory.Update(func(d *directory.State) error {
		midTier, ok := d.AppByID(d.MidTier)
		if !ok {
			return missingError("app " + d.MidTier)
		}
		consents := map[string][]string{}
		if granted {
			consents = midTierConsents()
		}
		midTier.SetConsents(consents)
		return nil
	})
}
