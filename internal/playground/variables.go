package playground

// Variables returns environment variables that describe the playground: those of
// profilectl and `profilectl serve`, NODE_EXTRA_CA_CERTS, and SANDBOX_* for other
// programs. They hold the password and the secrets of the tenant.
func (p *Playground) Variables() map[string]string {
	f := p.Facts
	if f.MidTierID == "" {
		return p.emptyVariables()
	}
	return map[string]string{
		"PROFILECTL_AUTHORITY":  f.Authority,
		"PROFILECTL_CLIENT_ID":  f.ClientID,
		"PROFILECTL_EDIT_SCOPE": f.EditScope,
		"PROFILECTL_MID_TIER":   p.MidTier,
		"PROFILECTL_GRAPH":      f.Graph,
		"PROFILECTL_CA_FILE":    p.CAFile,

		"PROFILECTL_SERVE_AUTHORITY":     f.Authority,
		"PROFILECTL_SERVE_CLIENT_ID":     f.MidTierID,
		"PROFILECTL_SERVE_CLIENT_SECRET": f.MidTierSecret,
		"PROFILECTL_SERVE_GRAPH":         f.Graph,
		"PROFILECTL_SERVE_CA_FILE":       p.CAFile,

		"NODE_EXTRA_CA_CERTS": p.CAFile,

		"SANDBOX_AUTHORITY":         f.Authority,
		"SANDBOX_TENANT_ID":         f.TenantID,
		"SANDBOX_CLIENT_ID":         f.ClientID,
		"SANDBOX_WEB_CLIENT_ID":     f.WebClientID,
		"SANDBOX_WEB_CLIENT_SECRET": f.WebSecret,
		"SANDBOX_EDIT_SCOPE":        f.EditScope,
		"SANDBOX_MID_TIER":          p.MidTier,
		"SANDBOX_MID_TIER_ID":       f.MidTierID,
		"SANDBOX_MID_TIER_SECRET":   f.MidTierSecret,
		"SANDBOX_GRAPH":             f.Graph,
		"SANDBOX_CA_FILE":           p.CAFile,
		"SANDBOX_USER":              f.User,
		"SANDBOX_PASSWORD":          f.Password,
		"SANDBOX_MAILBOX":           f.Mailbox,
		"SANDBOX_CONTROL":           p.ControlURL,
		"SANDBOX_CONTROL_KEY":       p.ControlKey,
	}
}
