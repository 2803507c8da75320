package playground

import (
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/sandbox"
)

// checkRoles returns a fault if a directory role of the administrator does not exist.
func (o Options) checkRoles() error {
	err := sandbox.Config{AdminRoles: o.AdminRoles}.CheckAdminRoles()
	if err == nil {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: err.Error(),
		Fix:  "name directory roles as the Entra admin center does, such as Security Administrator",
		Err:  err,
	}
}

// checkEmpty returns a fault if the tenant was to be empty and is not.
func (o Options) checkEmpty(f sandbox.Facts) error {
	if !o.Empty || f.MidTierID == "" {
		return nil
	}
	return &fault.Error{
		Kind: fault.Usage,
		What: "the sandbox keeps a tenant that was not created empty",
		Fix:  "replace the kept tenant, or choose another directory",
	}
}

// emptyVariables returns the variables of an empty tenant: what its administrator needs to
// set it up.
func (p *Playground) emptyVariables() map[string]string {
	f := p.Facts
	return map[string]string{
		"PROFILECTL_AUTHORITY":       f.Authority,
		"PROFILECTL_GRAPH":           f.Graph,
		"PROFILECTL_CA_FILE":         p.CAFile,
		"PROFILECTL_SERVE_AUTHORITY": f.Authority,
		"PROFILECTL_SERVE_GRAPH":     f.Graph,
		"PROFILECTL_SERVE_CA_FILE":   p.CAFile,
		"NODE_EXTRA_CA_CERTS":        p.CAFile,
		"SANDBOX_AUTHORITY":          f.Authority,
		"SANDBOX_TENANT_ID":          f.TenantID,
		"SANDBOX_GRAPH":              f.Graph,
		"SANDBOX_CA_FILE":            p.CAFile,
		"SANDBOX_ADMIN":              f.Admin,
		"SANDBOX_ADMIN_PASSWORD":     f.AdminPassword,
		"SANDBOX_MAILBOX":            f.Mailbox,
		"SANDBOX_CONTROL":            p.ControlURL,
		"SANDBOX_CONTROL_KEY":        p.ControlKey,
	}
}
