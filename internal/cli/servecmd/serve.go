// Package servecmd has the command serve, which runs the mid-tier.
package servecmd

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/serve"
)

type options struct {
	Settings serveconfig.Flags
	Check    bool
}

func (o *options) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Check, "check", false, "check the settings, the tenant, the credential and Graph, then exit")
	o.Settings.Bind(f, nil)
}

// Name is the name of the command that runs the mid-tier.
const Name = "serve"

// New returns the command serve.
func New(env command.Env, g *command.Globals) *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   Name,
		Short: "Run the mid-tier that edits profiles",
		Long: `Run the mid-tier: a web API that verifies the caller's access token, exchanges
it On-Behalf-Of for a Microsoft Graph token, and changes the caller's own
profile.

The mid-tier authenticates to the tenant with a client secret, a certificate, or
the token of a workload identity. A secret comes from a file or the environment,
never from a flag. Files are reloaded when they change.

Every setting can come from the environment: PROFILECTL_SERVE_LISTEN for
--listen. The names in Microsoft's sample work too: TENANT_SUBDOMAIN, TENANT_ID,
CLIENT_ID, CLIENT_SECRET, GRAPH_API_ENDPOINT.`,
		Example: `  profilectl serve --authority contoso --client-id 11111111-… \
    --client-secret-file secret
  profilectl serve --client-certificate mid-tier.pem
  profilectl serve --check`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return forOperator(run(c.Context(), env, g, o))
		},
	}
	o.bind(c.Flags())
	return c
}

func run(ctx context.Context, env command.Env, g *command.Globals, o options) error {
	loaded, err := serveconfig.Load(env, g, o.Settings)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	if o.Check {
		log = serveconfig.Warnings(env.Stderr)
	}
	settings, err := serveconfig.Settings(loaded, env, log)
	if err != nil {
		return err
	}
	tuneGC(env)
	if o.Check {
		return runCheck(ctx, env, g, settings, log)
	}
	server, err := serve.Open(ctx, settings, log)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // every entry of the audit log is written already
	listeners, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	// A program that starts serve with port 0 reads the address from this file.
	if ready := env.Getenv("PROFILECTL_READY_FILE"); ready != "" {
		if err := command.WriteFile(ready, []byte(listeners.URL+"\n")); err != nil {
			return err
		}
	}
	go reloadOnHangup(ctx, env, server, reloader{g: g, flags: o.Settings, started: loaded, current: loaded, log: log})
	return server.Run(ctx, listeners)
}

// tuneGC makes the garbage collector run less often than by default, unless the
// environment configures it: the heap of the mid-tier is a few megabytes, and it
// would spend a fifth of its time on collecting them.
func tuneGC(env command.Env) {
	const percent, softLimit = 400, 60 << 20 // bytes
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if env.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
}
