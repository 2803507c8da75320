package servecmd

import (
	"context"
	"log/slog"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/serve"
)

// reloader reads the settings of a running mid-tier again.
type reloader struct {
	g       *command.Globals
	flags   serveconfig.Flags
	started config.Settings // at the start
	current config.Settings // of the last reload that succeeded
	log     *slog.Logger
}

// reloadOnHangup reloads the server at every SIGHUP until ctx is done.
func reloadOnHangup(ctx context.Context, env command.Env, server *serve.Server, r reloader) {
	for {
		select {
		case <-env.Hangups:
			server.Reload(ctx, r.read(env))
		case <-ctx.Done():
			return
		}
	}
}

// read reads the configuration file. The flags and the environment of a process do not
// change.
func (r *reloader) read(env command.Env) serve.Reload {
	next, err := serveconfig.Load(env, r.g, r.flags)
	var settings serve.Settings
	if err == nil {
		settings, err = serveconfig.Settings(next, env, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		f := fault.As(err)
		r.log.Error("the settings cannot be used; keeping the old ones", "reason", f.What, "fix", operatorFix(f))
		return serve.Reload{}
	}
	applied, _ := r.current.Changes(next)
	_, restart := r.started.Changes(next)
	r.current = next
	return serve.Reload{Settings: &settings, Applied: applied, Restart: restart}
}
