package config

import "slices"

// serveSection is the section of the file that holds the settings of the mid-tier.
const serveSection = "serve"

// Server returns the settings of the mid-tier.
func Server() []Setting {
	return slices.Concat(
		serverTenant(),
		serverCredential(),
		serverAttributes(),
		serverPassword(),
		serverListener(),
		serverLimits(),
		serverCache(),
		serverRecords(),
	)
}

func serverTenant() []Setting {
	return []Setting{
		{
			Name:  "authority",
			Env:   []string{"PROFILECTL_SERVE_AUTHORITY", "AUTHORITY", "TENANT_SUBDOMAIN"},
			Value: "tenant",
			Help:  "subdomain, tenant ID, domain or URL of the tenant",
			Check: noPlaceholder,
		},
		{
			Name:  "tenant-id",
			Env:   []string{"PROFILECTL_SERVE_TENANT_ID", "TENANT_ID", "AZURE_TENANT_ID"},
			Value: "id",
			Help:  "tenant ID, checked against the authority",
			Check: checkGUID,
		},
		{
			Name:  "client-id",
			Env:   []string{"PROFILECTL_SERVE_CLIENT_ID", "CLIENT_ID", "AZURE_CLIENT_ID"},
			Value: "id",
			Help:  "client ID of the mid-tier",
			Check: checkGUID,
		},
		{
			Name:  "audience",
			Env:   []string{"PROFILECTL_SERVE_AUDIENCE"},
			Value: "list",
			Help:  "accepted aud claims (default: the client ID, api://ID)",
			Check: checkAudiences,
		},
		{
			Name:    "graph",
			Env:     []string{"PROFILECTL_SERVE_GRAPH", "GRAPH_API_ENDPOINT"},
			Default: "https://graph.microsoft.com",
			Value:   "URL",
			Help:    "address of Microsoft Graph",
			Check:   checkHTTPS,
		},
		{
			Name:  "ca-file",
			Env:   []string{"PROFILECTL_SERVE_CA_FILE"},
			Value: "file",
			Help:  "PEM file with additional CA certificates to trust",
		},
	}
}

func serverCredential() []Setting {
	return []Setting{
		{
			Name:   "client-secret",
			Env:    []string{"PROFILECTL_SERVE_CLIENT_SECRET", "CLIENT_SECRET", "AZURE_CLIENT_SECRET"},
			Help:   "client secret of the mid-tier",
			Secret: true,
			Check:  noPlaceholder,
		},
		{
			Name:  "client-secret-file",
			Env:   []string{"PROFILECTL_SERVE_CLIENT_SECRET_FILE"},
			Value: "file",
			Help:  "file with the client secret; reloaded on change",
		},
		{
			Name:  "client-secret-expires",
			Env:   []string{"PROFILECTL_SERVE_CLIENT_SECRET_EXPIRES"},
			Value: "date",
			Help:  "when the client secret expires, for metrics and log",
			Live:  true,
			Check: checkDate,
		},
		{
			Name:  "client-certificate",
			Env:   []string{"PROFILECTL_SERVE_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PATH"},
			Value: "file",
			Help:  "PEM or PFX certificate with key; reloaded on change",
		},
		{
			Name:   "client-certificate-password",
			Env:    []string{"PROFILECTL_SERVE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PASSWORD"},
			Help:   "password of the PFX file",
			Secret: true,
		},
		{
			Name:  "federated-token-file",
			Env:   []string{"PROFILECTL_SERVE_FEDERATED_TOKEN_FILE", "AZURE_FEDERATED_TOKEN_FILE"},
			Value: "file",
			Help:  "file with the platform's workload identity token",
		},
	}
}

func serverPassword() []Setting {
	return []Setting{
		{
			Name:    "allow-password-change",
			Env:     []string{"PROFILECTL_SERVE_ALLOW_PASSWORD_CHANGE"},
			Default: "false",
			Value:   "bool",
			Help:    "let users change their own password",
			Check:   checkBool,
		},
	}
}

func serverListener() []Setting {
	return []Setting{
		{
			Name:    "listen",
			Env:     []string{"PROFILECTL_SERVE_LISTEN"},
			Default: "localhost:3001",
			Value:   "address",
			Help:    "address to listen on",
			Check:   checkListen,
		},
		{
			Name:    "admin-listen",
			Env:     []string{"PROFILECTL_SERVE_ADMIN_LISTEN"},
			Default: "localhost:9001",
			Value:   "address",
			Help:    "address of the health checks and metrics",
			Check:   checkListen,
		},
		{
			Name:  "tls-cert",
			Env:   []string{"PROFILECTL_SERVE_TLS_CERT"},
			Value: "file",
			Help:  "PEM file with the server certificate",
		},
		{
			Name:  "tls-key",
			Env:   []string{"PROFILECTL_SERVE_TLS_KEY"},
			Value: "file",
			Help:  "PEM file with the key of the server certificate",
		},
		{
			Name:  "allow-origin",
			Env:   []string{"PROFILECTL_SERVE_ALLOW_ORIGIN"},
			Value: "list",
			Help:  "allowed origins of browser apps (CORS)",
			Live:  true,
			Check: checkOrigins,
		},
		{
			Name:    "behind-proxy",
			Env:     []string{"PROFILECTL_SERVE_BEHIND_PROXY"},
			Default: "false",
			Value:   "bool",
			Help:    "serve plain http to a proxy that terminates TLS",
			Check:   checkBool,
		},
		{
			Name:    "pprof",
			Env:     []string{"PROFILECTL_SERVE_PPROF"},
			Default: "false",
			Value:   "bool",
			Help:    "serve Go's profiler on the admin address",
			Check:   checkBool,
		},
	}
}

func serverLimits() []Setting {
	return []Setting{
		{
			Name:  "require-auth-context",
			Env:   []string{"PROFILECTL_SERVE_REQUIRE_AUTH_CONTEXT"},
			Value: "context",
			Help:  "require this authentication context (acrs), such as c1",
		},
		{
			Name:  "max-age",
			Env:   []string{"PROFILECTL_SERVE_MAX_AGE"},
			Value: "time",
			Help:  "maximum time since sign-in (auth_time), such as 10m",
			Check: checkDuration,
		},
		{
			Name:    "rate",
			Env:     []string{"PROFILECTL_SERVE_RATE"},
			Default: "60",
			Value:   "number",
			Help:    "requests per user and minute; 0 is no limit",
			Live:    true,
			Check:   checkCount,
		},
		{
			Name:    "exchange-rate",
			Env:     []string{"PROFILECTL_SERVE_EXCHANGE_RATE"},
			Default: "19",
			Value:   "number",
			Help:    "requests to the tenant per second; 0 is no limit",
			Live:    true,
			Check:   checkCount,
		},
		{
			Name:  "egress",
			Env:   []string{"PROFILECTL_SERVE_EGRESS"},
			Value: "name",
			Help:  "name of the outgoing address that replicas share",
			Check: checkEgress,
		},
		{
			Name:    "timeout",
			Env:     []string{"PROFILECTL_SERVE_TIMEOUT"},
			Default: "15s",
			Value:   "time",
			Help:    "time limit of a request",
			Check:   checkDuration,
		},
		{
			Name:    "drain-delay",
			Env:     []string{"PROFILECTL_SERVE_DRAIN_DELAY"},
			Default: "0s",
			Value:   "time",
			Help:    "time between reporting not ready and shutting down",
			Live:    true,
			Check:   checkDelay,
		},
	}
}

func serverCache() []Setting {
	return []Setting{
		{
			Name:  "cache",
			Env:   []string{"PROFILECTL_SERVE_CACHE"},
			Value: "URL",
			Help:  "shared Redis or Valkey, such as rediss://host:6379/0",
			Check: checkRedis,
		},
		{
			Name:   "cache-password",
			Env:    []string{"PROFILECTL_SERVE_CACHE_PASSWORD"},
			Help:   "password of the shared cache",
			Secret: true,
		},
		{
			Name:  "cache-key-file",
			Env:   []string{"PROFILECTL_SERVE_CACHE_KEY_FILE"},
			Value: "file",
			Help:  "file with the shared encryption key: 32 bytes in base64",
		},
	}
}

func serverRecords() []Setting {
	return []Setting{
		{
			Name:  "audit-log",
			Env:   []string{"PROFILECTL_SERVE_AUDIT_LOG"},
			Value: "file",
			Help:  "file that records who changed which fields",
		},
		{
			Name:  "otlp-endpoint",
			Env:   []string{"PROFILECTL_SERVE_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"},
			Value: "URL",
			Help:  "OTLP/HTTP collector for traces, such as http://host:4318",
			Check: checkCollector,
		},
		{
			Name:   "otlp-headers",
			Env:    []string{"PROFILECTL_SERVE_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"},
			Help:   "headers for the collector: name=value,name=value",
			Secret: true,
		},
	}
}
