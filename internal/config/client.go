package config

import "slices"

// EditScopeName is the name of the mid-tier's scope in Microsoft's how-to.
const EditScopeName = "EditProfileService.ReadWrite"

// Client returns the settings of a tenant for the commands of a user. It reads no
// AZURE_* variable: a workforce setup must not choose the tenant that a customer
// signs in to.
func Client() []Setting { return slices.Concat(clientTenant(), clientUse()) }

func clientTenant() []Setting {
	return []Setting{
		{
			Name:  "authority",
			Env:   []string{"PROFILECTL_AUTHORITY", "AUTHORITY", "TENANT_SUBDOMAIN"},
			Help:  "subdomain, tenant ID, domain or URL of the tenant",
			Check: noPlaceholder,
		},
		{
			Name:  "client-id",
			Env:   []string{"PROFILECTL_CLIENT_ID", "CLIENT_ID"},
			Help:  "client ID of the app that users sign in with",
			Check: checkGUID,
		},
		{
			Name:  "edit-scope",
			Env:   []string{"PROFILECTL_EDIT_SCOPE", "EDIT_PROFILE_FOR_CLIENT_WEB_APP", "EDIT_PROFILE_SCOPE"},
			Help:  "scope of the mid-tier: api://<client ID>/<scope name>",
			Check: checkScope,
		},
		{
			Name:    "mid-tier",
			Env:     []string{"PROFILECTL_MID_TIER"},
			Default: "http://localhost:3001",
			Help:    "address of the mid-tier",
			Check:   checkAddress,
		},
		{
			Name:    "graph",
			Env:     []string{"PROFILECTL_GRAPH", "GRAPH_API_ENDPOINT"},
			Default: "https://graph.microsoft.com",
			Help:    "address of Microsoft Graph",
			Check:   checkHTTPS,
		},
		{
			Name:  "ca-file",
			Env:   []string{"PROFILECTL_CA_FILE"},
			Value: "file",
			Help:  "PEM file with additional CA certificates to trust",
		},
	}
}

func clientUse() []Setting {
	return []Setting{
		{
			Name:    "redirect-port",
			Env:     []string{"PROFILECTL_REDIRECT_PORT"},
			Default: "0",
			Help:    "local port of the redirect URI; 0 is any free port",
			Check:   checkPort,
		},
		{
			Name: "account",
			Env:  []string{"PROFILECTL_ACCOUNT"},
			Help: "signed-in account to use",
		},
		{
			Name:    "store",
			Env:     []string{"PROFILECTL_STORE"},
			Default: "keyring",
			Help:    "token storage: keyring, file (plain text) or memory",
			OneOf:   stores(),
			Check:   oneOf(stores()...),
		},
		{
			Name:    "history",
			Env:     []string{"PROFILECTL_HISTORY"},
			Default: "true",
			Help:    "keep a history of edits, so that they can be undone",
			OneOf:   []string{"true", "false"},
			Check:   checkBool,
		},
	}
}

// stores returns where tokens can be kept.
func stores() []string { return []string{"keyring", "file", "memory"} }
