package sandbox

import (
	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// SetPolicy switches the Conditional Access policy on or off.
func (t *Tenant) SetPolicy(on bool) error {
	return t.directory.Update(func(d *directory.State) error {
		d.Policy.On = on
		return nil
	})
}

func (t *Tenant) policy() (p control.Policy) {
	t.directory.View(func(d *directory.State) { p = control.Policy{ID: d.Policy.ID, On: d.Policy.On} })
	return p
}

// SetConsent grants or withdraws the mid-tier's permission for Graph. Microsoft's
// quickstart leaves this step out.
func (t *Tenant) SetConsent(granted bool) error {
	return t.directory.Update(func(d *directory.State) error {
		midTier, ok := d.AppByID(d.Policy.Resource)
		if !ok {
			return missingError("app " + d.Policy.Resource)
		}
		midTier.Consents = map[string][]string{}
		if granted {
			midTier.Consents = midTierConsents()
		}
		return nil
	})
}
