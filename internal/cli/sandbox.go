package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/loopback"
)

// sandboxTenant is the name under which `profilectl sandbox` registers itself.
const sandboxTenant = "sandbox"

type sandboxOptions struct {
	State    string
	Reset    bool
	NewPorts bool
	ReadLag  time.Duration
	Listen   int
	Seed     string
}

func (o *sandboxOptions) bind(f *pflag.FlagSet) {
	f.BoolVar(&o.Reset, "reset", false, "forget the tenant that was kept and start a new one")
	f.BoolVar(&o.NewPorts, "new-ports", false, "take new ports; whoever was signed in must sign in again")
	f.IntVar(&o.Listen, "listen", 0, "the first of three `ports` in a row to serve on: API, pages, mid-tier")
	f.StringVar(&o.Seed, "seed", "", "`file` with users, apps and the policy to start with, in YAML")
	f.DurationVar(&o.ReadLag, "read-lag", 0, "Graph shows the old profile for this long after a change")
}

func newSandbox(env Env, g *globals) *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{
		Use: "sandbox", Short: "Run a tenant on this machine, with Graph, a mail box and the mid-tier", Args: cobra.NoArgs,
		Long: `Run an embedded External ID tenant on this machine, with Microsoft Graph's /me, a
mail box for one-time codes, and the mid-tier. It stays in the foreground and
registers itself as the tenant "sandbox". Nothing of it is valid anywhere else.`,
		Example: `  profilectl sandbox
  profilectl -t sandbox login            # in another terminal
  profilectl sandbox exec -- go test ./...`,
		RunE: func(c *cobra.Command, _ []string) error { return runSandbox(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	c.PersistentFlags().StringVar(&o.State, "state", "", "`folder` that keeps the tenant between starts")
	c.AddCommand(newSandboxExec(env, g), newSandboxEnv(env, g, &o.State))
	manage(c, env, g, &o.State)
	return c
}

func runSandbox(ctx context.Context, env Env, g *globals, o sandboxOptions) error {
	folder, err := openSandboxFolder(env, o)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // the process's end unlocks too
	st, err := startStage(ctx, env, g, stageOptions{Folder: folder, ReadLag: o.ReadLag})
	if err != nil {
		return err
	}
	defer st.close()
	if err := keepPassword(folder, st); err != nil {
		return err
	}
	if err := plantSeed(ctx, g, st, o.Seed); err != nil {
		return err
	}
	if err := keepControl(folder.Dir(), st); err != nil {
		return err
	}
	defer func() { _ = os.Remove(filepath.Join(folder.Dir(), controlFile)) }() // a stale one leads nowhere
	if err := registerSandbox(env, g, st); err != nil {
		return err
	}
	if err := announce(env, g, st); err != nil {
		return err
	}
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return exitStatus(exitDone) // Ctrl-C is how a sandbox ends
	}
	return nil
}

func openSandboxFolder(env Env, o sandboxOptions) (*loopback.Folder, error) {
	const lastPort = 65535
	if o.Listen < 0 || o.Listen > lastPort-2 {
		return nil, &fault.Error{Kind: fault.Usage, What: fmt.Sprintf("%d is not the first of three ports", o.Listen), Fix: "use --listen with a port between 1 and 65533"}
	}
	dir, err := sandboxDir(env, o.State)
	if err != nil {
		return nil, err
	}
	folder, err := loopback.OpenFolder(dir)
	if errors.Is(err, loopback.ErrInUse) {
		return nil, &fault.Error{Kind: fault.Conflict, What: "a sandbox is running already", Fix: "use that one; or start another with --state FOLDER", Err: err}
	}
	if err != nil {
		return nil, stateFault(dir, err)
	}
	if o.Reset {
		err = errors.Join(folder.Reset(), os.RemoveAll(filepath.Join(dir, passwordFile)))
	}
	if o.NewPorts || o.Listen != 0 {
		var ports loopback.Ports // zeros are free ones
		if o.Listen != 0 {
			ports = loopback.Ports{API: o.Listen, Pages: o.Listen + 1, MidTier: o.Listen + 2}
		}
		err = errors.Join(err, folder.KeepPorts(ports))
	}
	if err != nil {
		return nil, errors.Join(stateFault(dir, err), folder.Close())
	}
	return folder, nil
}

// passwordFile keeps the seeded user's password, so that a later start can
// print it again; the tenant itself keeps only a hash. It opens nothing but this
// sandbox.
const passwordFile = "password"

func keepPassword(folder *loopback.Folder, st *stage) error {
	path := filepath.Join(folder.Dir(), passwordFile)
	if st.facts.Password != "" {
		return writeFile(path, []byte(st.facts.Password))
	}
	if raw, err := os.ReadFile(path); err == nil {
		st.facts.Password = string(raw)
	}
	return nil
}

// registerSandbox puts the tenant into the configuration.
func registerSandbox(env Env, g *globals, st *stage) error {
	return updateConfig(env, g, func(f *config.File) error {
		for _, s := range [][2]string{
			{"authority", st.facts.Authority}, {"client-id", st.facts.ClientID}, {"edit-scope", st.facts.EditScope},
			{"mid-tier", st.midTier}, {"graph", st.facts.Graph}, {"ca-file", st.caFile},
		} {
			if err := f.Set("tenants."+sandboxTenant, s[0], s[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// running is what a started sandbox reports.
type running struct {
	Tenant    string `json:"tenant"`
	Authority string `json:"authority"`
	Graph     string `json:"graph"`
	MidTier   string `json:"midTier"`
	User      string `json:"user"`
	Password  string `json:"password"`
	Mailbox   string `json:"mailbox"`
	CAFile    string `json:"caFile"`
}

func announce(env Env, g *globals, st *stage) error {
	printer, err := newPrinter(env, g)
	if err != nil {
		return err
	}
	r := running{
		Tenant: sandboxTenant, Authority: st.facts.Authority, Graph: st.facts.Graph, MidTier: st.midTier,
		User: st.facts.User, Password: st.facts.Password, Mailbox: st.facts.Mailbox, CAFile: st.caFile,
	}
	if err := sayReady(env, r); err != nil {
		return err
	}
	if printer.Format != output.FormatTable {
		return printer.Print(r, output.Table{})
	}
	_, err = fmt.Fprintf(env.Stdout, `SANDBOX: a tenant on this machine. Nothing of it is valid anywhere else.

  authority  %s
  mid-tier   %s
  user       %s
  password   %s
  mail box   %s

In another terminal:

  profilectl -t sandbox login
  profilectl -t sandbox show
  profilectl -t sandbox edit --display-name "Ada L."

Ctrl-C stops it; the next start takes up where this one ends.
`, st.facts.Authority, st.midTier, st.facts.User, st.facts.Password, st.facts.Mailbox)
	return err
}

// sayReady tells a program that started the sandbox in the background that it
// runs, and how to reach it, in the file that PROFILECTL_READY_FILE names.
func sayReady(env Env, r running) error {
	file := env.Getenv("PROFILECTL_READY_FILE")
	if file == "" {
		return nil
	}
	raw, err := json.Marshal(r) //nolint:gosec // the password of a sandbox is there to be read
	if err != nil {
		return fmt.Errorf("say ready: %w", err)
	}
	return writeFile(file, raw)
}
