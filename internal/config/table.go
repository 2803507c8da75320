// Package config turns what a person configured, by flag, environment or file,
// into Settings: one value for each setting, with where it came from.
//
// Two tables drive everything, the environment names, the file's keys, the
// checks and what `config list` prints: Client for the commands of a person,
// Server for the mid-tier. A value that is wrong is a fault, never a default;
// all that is wrong is told at once.
package config

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/loopback"
)

// Setting is one row of a table.
type Setting struct {
	Name    string   // the file's key, as "edit-scope"
	Env     []string // environment variables, the first one set wins: ours, then the how-to's
	Default string
	Help    string
	Value   string // what a value is called in help: file, address, time; "bool" for a truth value
	Secret  bool   // never in the file, never printed
	Check   func(string) error
}

// Client returns the settings of a tenant, as the commands of a person use
// them. Nothing of AZURE_* is among them: a workforce set-up must not choose the
// tenant that a customer signs in to.
func Client() []Setting {
	return []Setting{
		{Name: "authority", Env: []string{"PROFILECTL_AUTHORITY", "AUTHORITY", "TENANT_SUBDOMAIN"}, Help: "the tenant: subdomain, tenant id, domain or URL", Check: filledIn},
		{Name: "client-id", Env: []string{"PROFILECTL_CLIENT_ID", "CLIENT_ID"}, Help: "client id of the public client that people sign in with", Check: isGUID},
		{Name: "edit-scope", Env: []string{"PROFILECTL_EDIT_SCOPE", "EDIT_PROFILE_FOR_CLIENT_WEB_APP"}, Help: "scope of the mid-tier, as api://<client id>/EditProfileService.ReadWrite", Check: isScope},
		{Name: "mid-tier", Env: []string{"PROFILECTL_MID_TIER"}, Default: "http://localhost:3001", Help: "address of the mid-tier", Check: isAddress},
		{Name: "graph", Env: []string{"PROFILECTL_GRAPH", "GRAPH_API_ENDPOINT"}, Default: "https://graph.microsoft.com", Help: "address of Microsoft Graph", Check: isHTTPS},
		{Name: "ca-file", Env: []string{"PROFILECTL_CA_FILE"}, Help: "PEM file with a CA to trust besides the system's"},
		{Name: "redirect-port", Env: []string{"PROFILECTL_REDIRECT_PORT"}, Default: "0", Help: "local port that the browser comes back to; 0 picks a free one", Check: isPort},
		{Name: "account", Env: []string{"PROFILECTL_ACCOUNT"}, Help: "the signed-in account to use"},
		{Name: "store", Env: []string{"PROFILECTL_STORE"}, Default: "keyring", Help: "where tokens are kept: keyring, file (plain, insecure), or memory for the process only", Check: oneOf("keyring", "file", "memory")},
		{Name: "history", Env: []string{"PROFILECTL_HISTORY"}, Default: "true", Help: "remember the last edits, for edit --undo", Check: isBool},
	}
}

// Server returns the settings of the mid-tier.
func Server() []Setting {
	return []Setting{
		{Name: "authority", Env: []string{"PROFILECTL_SERVE_AUTHORITY", "AUTHORITY", "TENANT_SUBDOMAIN"}, Value: "tenant", Help: "the tenant: subdomain, tenant id, domain or URL", Check: filledIn},
		{Name: "tenant-id", Env: []string{"PROFILECTL_SERVE_TENANT_ID", "TENANT_ID", "AZURE_TENANT_ID"}, Value: "id", Help: "the tenant's id; checked against the authority", Check: isGUID},
		{Name: "client-id", Env: []string{"PROFILECTL_SERVE_CLIENT_ID", "CLIENT_ID", "AZURE_CLIENT_ID"}, Value: "id", Help: "client id of the mid-tier", Check: isGUID},
		{Name: "client-secret", Env: []string{"PROFILECTL_SERVE_CLIENT_SECRET", "CLIENT_SECRET", "AZURE_CLIENT_SECRET"}, Help: "client secret of the mid-tier", Secret: true, Check: filledIn},
		{Name: "client-secret-file", Env: []string{"PROFILECTL_SERVE_CLIENT_SECRET_FILE"}, Value: "file", Help: "file that holds the client secret; read again when it changes"},
		{Name: "client-certificate", Env: []string{"PROFILECTL_SERVE_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PATH"}, Value: "file", Help: "PEM or PFX file with the certificate and key that prove the mid-tier, in place of a secret; read again when it changes"},
		{Name: "client-certificate-password", Env: []string{"PROFILECTL_SERVE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PASSWORD"}, Help: "password of the PFX file", Secret: true},
		{Name: "federated-token-file", Env: []string{"PROFILECTL_SERVE_FEDERATED_TOKEN_FILE", "AZURE_FEDERATED_TOKEN_FILE"}, Value: "file", Help: "file in which the platform keeps a token that proves the mid-tier (workload identity)"},
		{Name: "graph", Env: []string{"PROFILECTL_SERVE_GRAPH", "GRAPH_API_ENDPOINT"}, Default: "https://graph.microsoft.com", Value: "URL", Help: "address of Microsoft Graph", Check: isHTTPS},
		{Name: "listen", Env: []string{"PROFILECTL_SERVE_LISTEN"}, Default: "localhost:3001", Value: "address", Help: "address to serve on", Check: isListen},
		{Name: "admin-listen", Env: []string{"PROFILECTL_SERVE_ADMIN_LISTEN"}, Default: "localhost:9001", Value: "address", Help: "address of the health checks and metrics", Check: isListen},
		{Name: "tls-cert", Env: []string{"PROFILECTL_SERVE_TLS_CERT"}, Value: "file", Help: "PEM file with the certificate to serve with"},
		{Name: "tls-key", Env: []string{"PROFILECTL_SERVE_TLS_KEY"}, Value: "file", Help: "PEM file with its key"},
		{Name: "behind-proxy", Env: []string{"PROFILECTL_SERVE_BEHIND_PROXY"}, Default: "false", Value: "bool", Help: "a proxy ends TLS before the mid-tier", Check: isBool},
		{Name: "require-auth-context", Env: []string{"PROFILECTL_SERVE_REQUIRE_AUTH_CONTEXT"}, Value: "context", Help: "authentication context that tokens must carry in acrs, as c1"},
		{Name: "max-age", Env: []string{"PROFILECTL_SERVE_MAX_AGE"}, Value: "time", Help: "how long ago the caller may have signed in, by the token's auth_time claim, as 10m", Check: isDuration},
		{Name: "ca-file", Env: []string{"PROFILECTL_SERVE_CA_FILE"}, Value: "file", Help: "PEM file with a CA to trust besides the system's"},
		{Name: "rate", Env: []string{"PROFILECTL_SERVE_RATE"}, Default: "60", Value: "number", Help: "requests of one user a minute; 0 is no limit", Check: isCount},
		{Name: "timeout", Env: []string{"PROFILECTL_SERVE_TIMEOUT"}, Default: "15s", Value: "time", Help: "time limit of one request", Check: isDuration},
		{Name: "pprof", Env: []string{"PROFILECTL_SERVE_PPROF"}, Default: "false", Value: "bool", Help: "put Go's profiler on the admin address, under /debug/pprof/", Check: isBool},
		{Name: "cache", Env: []string{"PROFILECTL_SERVE_CACHE"}, Value: "URL", Help: "Redis or Valkey that replicas share exchanges and limits through, as redis://host:6379/0, or rediss:// for TLS", Check: isRedis},
		{Name: "cache-password", Env: []string{"PROFILECTL_SERVE_CACHE_PASSWORD"}, Help: "password of the shared cache", Secret: true},
		{Name: "cache-key-file", Env: []string{"PROFILECTL_SERVE_CACHE_KEY_FILE"}, Value: "file", Help: "file with the key that seals what is shared: 32 bytes in base64, the same for all replicas"},
		{Name: "otlp-endpoint", Env: []string{"PROFILECTL_SERVE_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}, Value: "URL", Help: "OpenTelemetry collector that traces are sent to (OTLP over HTTP), as http://localhost:4318", Check: isCollector},
		{Name: "otlp-headers", Env: []string{"PROFILECTL_SERVE_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"}, Help: "headers for the collector, as name=value,name=value", Secret: true},
		{Name: "drain-delay", Env: []string{"PROFILECTL_SERVE_DRAIN_DELAY"}, Default: "0s", Value: "time", Help: "how long to go on serving, but not ready, before a stop: as long as a load balancer needs to notice", Check: isDelay},
	}
}

// A check returns what is wrong with a value; its message follows the setting's
// name, as "is not a port".

// filledIn refuses the placeholders that the how-to's files come with.
func filledIn(v string) error {
	if strings.Contains(v, "Enter_the_") || strings.Contains(v, "Add_your_") {
		return errors.New("still holds the placeholder of the sample")
	}
	return nil
}

func isGUID(v string) error {
	if err := filledIn(v); err != nil || guid.Valid(v) {
		return err
	}
	return errors.New("is not an id of the form 00000000-0000-0000-0000-000000000000")
}

func isScope(v string) error {
	if err := filledIn(v); err != nil {
		return err
	}
	if u, err := url.Parse(v); err != nil || u.Scheme == "" || u.Host == "" || len(u.Path) < 2 || strings.ContainsAny(v, " \t") {
		return errors.New("is not one scope of the form api://<client id>/EditProfileService.ReadWrite")
	}
	return nil
}

func isHTTPS(v string) error {
	if u, err := url.Parse(v); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("is not an https address")
	}
	return nil
}

// isRedis refuses an address with a password: addresses are shown and logged.
func isRedis(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return errors.New("is not an address of the form redis://host:6379/0")
	}
	if _, has := u.User.Password(); has {
		return errors.New("holds a password: set PROFILECTL_SERVE_CACHE_PASSWORD instead")
	}
	return nil
}

// isCollector allows plain http anywhere: spans hold nothing personal, and
// collectors are neighbors.
func isCollector(v string) error {
	if u, err := url.Parse(v); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("is not an address of the form http://localhost:4318")
	}
	return nil
}

// isAddress allows plain http on this machine alone.
func isAddress(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("is not an address of the form https://host")
	}
	if u.Scheme == "http" && !loopback.IsHost(u.Hostname()) {
		return errors.New("is plain http, which is for localhost only")
	}
	return nil
}

func isListen(v string) error {
	if _, port, err := net.SplitHostPort(v); err != nil || isPort(port) != nil {
		return errors.New("is not an address of the form localhost:3001")
	}
	return nil
}

func isPort(v string) error {
	const most = 65535
	if n, err := strconv.Atoi(v); err != nil || n < 0 || n > most {
		return errors.New("is not a port between 0 and 65535")
	}
	return nil
}

func isCount(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 {
		return errors.New("is not a number from 0 on")
	}
	return nil
}

func isBool(v string) error {
	if _, err := strconv.ParseBool(v); err != nil {
		return errors.New("is neither true nor false")
	}
	return nil
}

func isDuration(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d <= 0 {
		return errors.New("is not a time such as 15s")
	}
	return nil
}

func isDelay(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d < 0 {
		return errors.New("is not a time such as 5s, or 0s for none")
	}
	return nil
}

func oneOf(allowed ...string) func(string) error {
	return func(v string) error {
		if slices.Contains(allowed, v) {
			return nil
		}
		return errors.New("is not one of " + strings.Join(allowed, ", "))
	}
}
