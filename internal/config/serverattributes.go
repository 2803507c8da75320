package config

// serverAttributes returns the settings of custom attributes. The platform's variables do
// not name this credential, so that a workload identity never gets its permission by
// accident.
func serverAttributes() []Setting {
	return []Setting{
		{
			Name:  "attributes",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES"},
			Value: "file",
			Help:  "YAML file with custom attributes; reloaded on change",
		},
		{
			Name:  "attributes-client-id",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_ID"},
			Value: "id",
			Help:  "client ID for changes of custom attributes",
			Check: checkGUID,
		},
		{
			Name:  "attributes-client-secret-file",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_SECRET_FILE"},
			Value: "file",
			Help:  "file with the secret of that client; reloaded on change",
		},
		{
			Name:  "attributes-client-secret-expires",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_SECRET_EXPIRES"},
			Value: "date",
			Help:  "when the secret of that client expires, for metrics and log",
			Live:  true,
			Check: checkDate,
		},
		{
			Name:  "attributes-client-certificate",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_CERTIFICATE"},
			Value: "file",
			Help:  "PEM or PFX certificate of that client; reloaded on change",
		},
		{
			Name:   "attributes-client-certificate-password",
			Env:    []string{"PROFILECTL_SERVE_ATTRIBUTES_CLIENT_CERTIFICATE_PASSWORD"},
			Help:   "password of the PFX file of attributes-client-id",
			Secret: true,
		},
		{
			Name:  "attributes-federated-token-file",
			Env:   []string{"PROFILECTL_SERVE_ATTRIBUTES_FEDERATED_TOKEN_FILE"},
			Value: "file",
			Help:  "file with the workload identity token of that client",
		},
	}
}
