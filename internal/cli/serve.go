package cli

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/serve"
)

type serveOptions struct {
	Flags *pflag.FlagSet
	Check bool
}

func (o *serveOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Check, "check", false, "check the settings, the tenant, the credential and Graph, then exit")
	o.bindSettings(f, nil)
}

// bindSettings makes a flag for every setting whose name is not taken.
func (o *serveOptions) bindSettings(f *pflag.FlagSet, taken map[string]bool) {
	o.Flags = f
	for _, row := range config.Server() {
		if row.Secret || taken[row.Name] {
			continue
		}
		flag := f.VarPF(&settingValue{text: row.Default, kind: row.Value}, row.Name, "", row.Help)
		if row.Value == "bool" {
			flag.NoOptDefVal = "true"
		}
		flag.Annotations = map[string][]string{settingFlag: nil}
	}
}

// settingValue is the value of a flag that package config checks.
type settingValue struct {
	text string
	kind string // shown in the help
}

// Set stores the value (pflag.Value). A list can also be given one value at a time.
func (v *settingValue) Set(text string) error {
	if v.kind == "list" && v.text != "" {
		text = v.text + "," + text
	}
	v.text = text
	return nil
}

// String returns the value (pflag.Value).
func (v *settingValue) String() string { return v.text }

// Type returns what the help calls the value (pflag.Value).
func (v *settingValue) Type() string { return v.kind }

// given returns the settings on the command line.
func (o *serveOptions) given() map[string]string {
	given := map[string]string{}
	for _, row := range config.Server() {
		if f := o.Flags.Lookup(row.Name); f != nil && f.Changed {
			given[row.Name] = f.Value.String()
		}
	}
	return given
}

// serveCommand is the name of the command that runs the mid-tier.
const serveCommand = "serve"

func newServe(env Env, g *globals) *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   serveCommand,
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
			return forOperator(runServe(c.Context(), env, g, o))
		},
	}
	o.bind(c.Flags())
	return c
}

func runServe(ctx context.Context, env Env, g *globals, o serveOptions) error {
	loaded, err := g.serverSettings(env, o)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	if o.Check {
		log = slog.New(warnings{env.Stderr})
	}
	settings, err := serveSettings(loaded, env, log)
	if err != nil {
		return err
	}
	tuneGC(env)
	if o.Check {
		return runServeCheck(ctx, env, g, settings, log)
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
		if err := writeFile(ready, []byte(listeners.URL+"\n")); err != nil {
			return err
		}
	}
	go reloadOnHangup(ctx, env, server, reloader{g: g, options: o, started: loaded, current: loaded, log: log})
	return server.Run(ctx, listeners)
}

// tuneGC makes the garbage collector run less often than by default, unless the
// environment configures it: the heap of the mid-tier is a few megabytes, and it
// would spend a fifth of its time on collecting them.
func tuneGC(env Env) {
	const percent, softLimit = 400, 60 << 20 // bytes
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if env.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
}
