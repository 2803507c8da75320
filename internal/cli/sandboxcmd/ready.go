package sandboxcmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newReady(m manager) *cobra.Command {
	return &cobra.Command{
		Use:   "ready",
		Short: "Check whether a sandbox is running",
		Long: `Check whether a sandbox is running and serves requests, for the health check of
a container. The exit code is 0 if it does, and 8 if not.`,
		Example: `  profilectl sandbox ready`,
		Args:    cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, _ output.Printer, _ []string) error {
			_, err := c.Facts(ctx)
			return err
		}),
	}
}

// started describes a sandbox that has started.
type started struct {
	Tenant    string `json:"tenant"`
	Authority string `json:"authority"`
	Graph     string `json:"graph"`
	MidTier   string `json:"midTier"`
	Pages     string `json:"pages"`
	User      string `json:"user,omitempty"`
	Password  string `json:"password,omitempty"`
	Admin     string `json:"admin,omitempty"` // of an empty tenant
	AdminPass string `json:"adminPassword,omitempty"`
	Mailbox   string `json:"mailbox"`
	Page      string `json:"page"` // opens the developer page, once
	Control   string `json:"control"`
	Key       string `json:"controlKey"`
	CAFile    string `json:"caFile"`
}

// notKnown stands for the password of a user of an imported tenant.
const notKnown = "not known; `profilectl sandbox user reset` sets one"

// announce prints how to use the sandbox.
func announce(env command.Env, g *command.Globals, p *playground.Playground) error {
	printer, err := command.NewPrinter(env, g)
	if err != nil {
		return err
	}
	r := started{
		Tenant:    nameOf(g),
		Authority: p.Facts.Authority,
		Graph:     p.Facts.Graph,
		MidTier:   p.MidTier,
		Pages:     p.Facts.Pages,
		User:      p.Facts.User,
		Password:  p.Facts.Password,
		Admin:     p.Facts.Admin,
		AdminPass: p.Facts.AdminPassword,
		Mailbox:   p.Facts.Mailbox,
		Page:      p.Tenant.NewPageLink(),
		Control:   p.ControlURL,
		Key:       p.ControlKey,
		CAFile:    p.CAFile,
	}
	if err := writeReadyFile(env, r); err != nil {
		return err
	}
	if printer.Format != output.FormatTable {
		return printer.Print(r, output.Table{})
	}
	if p.Facts.MidTierID == "" {
		return announceEmpty(env, r)
	}
	_, err = fmt.Fprintf(env.Stdout, `SANDBOX: a tenant on this machine. Nothing it issues is valid anywhere else.

  authority  %s
  mid-tier   %s
  user       %s
  password   %s
  mailbox    %s
  page       %s
%s
In another terminal:

  profilectl -t %s login
  profilectl -t %s show
  profilectl -t %s edit --display-name "Ada L."
  %s      # a new link to the page

Ctrl-C stops it; the next start continues with the same tenant.
`, r.Authority, r.MidTier, r.User, cmp.Or(r.Password, notKnown), r.Mailbox, r.Page,
		trustNote(r), r.Tenant, r.Tenant, r.Tenant, openCommand(r.Tenant))
	return err
}

// openCommand returns the command that opens the page of a tenant with a new link.
func openCommand(tenant string) string {
	if tenant == command.DefaultSandbox {
		return "profilectl sandbox open"
	}
	return "profilectl -t " + tenant + " sandbox open"
}

// announceEmpty prints how to set an empty tenant up.
func announceEmpty(env command.Env, r started) error {
	_, err := fmt.Fprintf(env.Stdout, `SANDBOX: an empty tenant on this machine. Nothing it issues is valid elsewhere.

  authority      %s
  graph          %s
  administrator  %s
  password       %s
  mailbox        %s
  page           %s
%s
In another terminal:

  profilectl -t %s setup plan
  profilectl -t %s setup apply --secret-file mid-tier.secret --env-file mid-tier.env

Ctrl-C stops it; the next start continues with the same tenant.
`, r.Authority, r.Graph, r.Admin, cmp.Or(r.AdminPass, notKnown), r.Mailbox, r.Page,
		trustNote(r), r.Tenant, r.Tenant)
	return err
}

// trustNote returns the advice to trust the CA, if the pages need it.
func trustNote(r started) string {
	if !strings.HasPrefix(r.Pages, "https:") {
		return ""
	}
	return "\nThe pages are served over https. The browser has to trust this CA:\n\n  " + r.CAFile + "\n"
}

// writeReadyFile writes the description to the file that PROFILECTL_READY_FILE
// names, for a program that starts the sandbox in the background.
func writeReadyFile(env command.Env, r started) error {
	path := env.Getenv("PROFILECTL_READY_FILE")
	if path == "" {
		return nil
	}
	raw, err := json.Marshal(r) //nolint:gosec // the password of a sandbox is there to be read
	if err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return command.WriteFile(path, raw)
}

// writeVariables writes variables as NAME=value lines, in order of their names, to a
// file that only this user can read. An empty path is none.
func writeVariables(path string, variables map[string]string) error {
	if path == "" {
		return nil
	}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		lines.WriteString(name + "=" + variables[name] + "\n")
	}
	return command.WriteFile(path, []byte(lines.String()))
}
