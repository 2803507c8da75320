package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/nearest"
)

// FromEnvironment is the name of the tenant that environment variables describe. It
// is not in the file.
const FromEnvironment = "environment"

// Which returns the tenant to use: the named one, the one that the environment
// describes, the current one of the file, or the only one in the file, in that
// order. If there is none, or the file does not have it, it returns a Usage fault.
func Which(f *File, named string, getenv func(string) string) (string, error) {
	known := f.Tenants()
	switch {
	case named != "":
		return f.checkTenant(named)
	case described(getenv):
		return FromEnvironment, nil
	case f.Current() != "":
		return f.checkTenant(f.Current())
	case len(known) == 1:
		return known[0], nil
	case len(known) > 1:
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "several tenants are configured and none was named",
			Fix:  "use one of " + strings.Join(known, ", "),
			Next: fault.DoChooseTenant,
		}
	}
	return "", &fault.Error{
		Kind: fault.Usage,
		What: "no tenant is configured",
		Next: fault.DoConfigureTenant,
	}
}

// described reports whether the environment names an authority.
func described(getenv func(string) string) bool {
	variables := lookup(Client(), "authority").Env
	return slices.ContainsFunc(variables, func(name string) bool { return getenv(name) != "" })
}

// checkTenant returns the name if the file has such a tenant, or a Usage fault.
func (f *File) checkTenant(name string) (string, error) {
	known := f.Tenants()
	if !slices.Contains(known, name) {
		return "", noTenant(name, known)
	}
	return name, nil
}

// noTenant returns the fault of a tenant that the file does not have.
func noTenant(name string, known []string) error {
	fix := ""
	if len(known) > 0 {
		fix = "use one of " + strings.Join(known, ", ")
	}
	if near := nearest.To(name, known); near != "" {
		fix = "did you mean " + near + "? Otherwise " + fix
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: fmt.Sprintf("no tenant called %q is configured", name),
		Fix:  fix,
		Next: fault.DoConfigureTenant,
	}
}

// TenantNameRule describes valid names in messages.
const TenantNameRule = "lower-case letters, digits and hyphens, but not " + FromEnvironment

// ValidTenantName reports whether a tenant of the file can have the name: 1 to 63
// lower-case letters, digits and hyphens, no hyphen at the start, and not FromEnvironment.
func ValidTenantName(name string) bool {
	const longest = 63
	if name == "" || len(name) > longest || name[0] == '-' || name == FromEnvironment {
		return false
	}
	invalid := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}
	return !strings.ContainsFunc(name, invalid)
}
