package sandbox

import (
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// RotateKeys makes the tenant sign with the key that it published as the next
// one, and publishes a new next key. The old signing key stays published for the
// tokens that it signed.
func (t *Tenant) RotateKeys() error {
	fresh, err := token.NewKeys(1)
	if err != nil {
		return err
	}
	return t.directory.Update(func(d *directory.State) error {
		d.Keys = []directory.Key{d.Keys[1], fresh[0], d.Keys[0]}
		return nil
	})
}
