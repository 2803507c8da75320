// Package serveconfig reads the settings of the mid-tier from flags, the environment and the
// configuration file, for the command that runs the mid-tier and for the one that checks it.
package serveconfig

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/serve"
)

// Load loads the settings of serve from the flags, the environment and
// the configuration file.
func Load(env command.Env, g *command.Globals, flags Flags) (config.Settings, error) {
	path := g.Config
	if path == "" {
		paths, err := config.LocatePaths(env.GOOS, env.Getenv)
		if err != nil {
			paths = config.Paths{} // a service may have no home directory, and needs no file
		}
		path = paths.Config
	}
	file, err := config.Read(path)
	if err != nil {
		return config.Settings{}, err
	}
	settings, err := config.Load(config.Source{
		Table:   config.Server(),
		Section: "serve",
		Flags:   flags.Given(),
		Getenv:  env.Getenv,
		File:    file,
		Fix:     "correct the value where it is set; `profilectl serve --help` describes each setting",
	})
	if err != nil {
		return config.Settings{}, err
	}
	const fix = "give --authority and --client-id, or set TENANT_SUBDOMAIN and CLIENT_ID"
	return settings, settings.Need(fix, "authority", "client-id")
}

// probeInterval is the time between two checks of a credential that the tenant rejects.
const probeInterval = 10 * time.Second

// Settings maps the settings of the command to those of package serve. It logs
// which variables of the platform have no effect.
func Settings(s config.Settings, env command.Env, log *slog.Logger) (serve.Settings, error) {
	credential, err := credentialSettings(s, "")
	if err != nil {
		return serve.Settings{}, err
	}
	attributes, err := attributesSettings(s)
	if err != nil {
		return serve.Settings{}, err
	}
	for _, i := range s.Ignored() {
		log.Warn("a variable of the environment is ignored",
			"variable", i.Variable, "reason", "it "+i.Reason, "setting", i.Setting)
	}
	return serve.Settings{
		Authority:  s.Text("authority"),
		TenantID:   tenantID(s, log),
		ClientID:   s.Text("client-id"),
		Audiences:  s.List("audience"),
		Credential: credential,
		Attributes: attributes,

		AllowPasswordChange: s.Bool("allow-password-change"),

		Graph:  s.Text("graph"),
		CAFile: s.Text("ca-file"),

		Version:  command.ThisBuild().Version,
		Revision: command.ThisBuild().Revision,

		AuthContext: s.Text("require-auth-context"),
		MaxAge:      s.Duration("max-age"),
		Timeout:     s.Duration("timeout"),
		Rate:        s.Int("rate"),

		ExchangeRate: s.Int("exchange-rate"),
		Egress:       s.Text("egress"),

		AllowOrigin: allowOrigin(s.List("allow-origin")),

		Listen: serve.ListenSettings{
			Public:      s.Text("listen"),
			Admin:       s.Text("admin-listen"),
			Certificate: s.Text("tls-cert"),
			Key:         s.Text("tls-key"),
			BehindProxy: s.Bool("behind-proxy"),
		},
		DrainDelay:    s.Duration("drain-delay"),
		NotifySocket:  env.Getenv("NOTIFY_SOCKET"),
		ProbeInterval: probeInterval,
		Profiling:     s.Bool("pprof"),

		Cache: serve.CacheSettings{
			Address:  s.Text("cache"),
			Password: s.Secret("cache-password").Reveal(),
			KeyFile:  s.Text("cache-key-file"),
		},
		AuditLog: s.Text("audit-log"),
		Traces:   traceSettings(s, env, log),
	}, nil
}

// allowOrigin returns what tells the origins that may call the mid-tier from the
// others, or nil if there are none.
func allowOrigin(origins []string) func(string) bool {
	if len(origins) == 0 {
		return nil
	}
	return func(origin string) bool { return slices.Contains(origins, origin) }
}

// tenantID returns the tenant id. One that the platform injects is that of the tenant
// of its own identities, which is usually not the tenant of the customers. So it is
// used only to complete an authority that does not name the tenant.
func tenantID(s config.Settings, log *slog.Logger) string {
	id := s.Text("tenant-id")
	if !s.FromPlatform("tenant-id") {
		return id
	}
	if _, err := authority.Parse(s.Text("authority")); err != nil {
		return id
	}
	log.Info("a variable of the environment is ignored",
		"variable", "AZURE_TENANT_ID", "reason", "the authority names the tenant", "setting", "tenant-id")
	return ""
}

// attributesSettings returns the settings of custom attributes.
func attributesSettings(s config.Settings) (serve.AttributesSettings, error) {
	credential, err := credentialSettings(s, "attributes-")
	return serve.AttributesSettings{
		File:       s.Text("attributes"),
		ClientID:   s.Text("attributes-client-id"),
		Credential: credential,
	}, err
}

// credentialSettings returns the credential from the strongest source that names
// one: a flag hides one of the environment, and each of them hides one that the
// platform injects. The names of the settings begin with prefix.
func credentialSettings(s config.Settings, prefix string) (c serve.CredentialSettings, err error) {
	name, err := s.OneOf(
		prefix+"client-secret",
		prefix+"client-secret-file",
		prefix+"client-certificate",
		prefix+"federated-token-file",
	)
	if name != "" {
		c.Origin = s.Origin(name)
	}
	c.SecretExpires = s.Date(prefix + "client-secret-expires")
	switch strings.TrimPrefix(name, prefix) {
	case "client-secret":
		c.Secret = s.Secret(name).Reveal()
	case "client-secret-file":
		c.SecretFile = s.Text(name)
	case "client-certificate":
		c.Certificate = s.Text(name)
		c.CertificatePassword = s.Secret(name + "-password").Reveal()
	case "federated-token-file":
		c.FederatedTokenFile = s.Text(name)
	}
	return c, err
}

// Places returns where a setting of serve can be set, or an empty string if
// serve has no such setting.
func Places(name string) string {
	for _, row := range config.Server() {
		if row.Name != name {
			continue
		}
		if row.Secret { // never from a flag or the file
			return row.Env[0]
		}
		const places = "--%s, %s, or `%s` in the section `serve` of the configuration file"
		return fmt.Sprintf(places, name, row.Env[0], name)
	}
	return ""
}
