package profilecmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/output"
)

// NewWhoami returns the command whoami.
func NewWhoami(env command.Env, g *command.Globals) *cobra.Command {
	return &cobra.Command{
		Use:   "whoami",
		Short: "Show who is signed in, without network access",
		Args:  cobra.NoArgs,
		Long: `Show the account that commands use. The exit code is 4 if no account is signed
in.`,
		Example: `  profilectl whoami
  profilectl whoami -o json --jq .account
  profilectl whoami --no-input >/dev/null || profilectl login`,
		RunE: func(c *cobra.Command, _ []string) error { return runWhoami(c.Context(), env, g) },
	}
}

// whoamiReport is the signed-in account, as scripts read it.
type whoamiReport struct {
	Account  string `json:"account"`
	ID       string `json:"id"`
	Tenant   string `json:"tenant"`
	TenantID string `json:"tenantId"`
	Store    string `json:"store"`
	// Expires is when the cached token for reading expires; null if none is valid.
	Expires *time.Time `json:"expires"`
	// Edit reports whether a valid token for edits is cached. An edit then needs no second factor.
	// Without such a token, it may need one: only the tenant knows.
	Edit bool `json:"edit"`
}

func runWhoami(ctx context.Context, env command.Env, g *command.Globals) error {
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{Discovery: session.DiscoverNever})
	if err != nil {
		return err
	}
	report := whoamiReport{
		Account:  account.Username,
		ID:       account.ID,
		Tenant:   s.Tenant,
		TenantID: s.Authority.TenantID,
		Store:    s.Store.Kind(),
	}
	read, fresh, err := s.Auth.Cached(ctx, account, session.GraphScopes())
	if err != nil {
		return err
	}
	if fresh {
		utc := read.Expires.UTC()
		report.Expires = &utc
	}
	if scope := s.Settings.Text("edit-scope"); scope != "" {
		if _, report.Edit, err = s.Auth.Cached(ctx, account, []string{scope}); err != nil {
			return err
		}
	}
	return s.Printer.Print(report, report.table())
}

func (r whoamiReport) table() output.Table {
	expires, edit := "expired; renewed when it is needed", "no valid token; may need a second factor"
	if r.Expires != nil {
		expires = r.Expires.Format(time.RFC3339)
	}
	if r.Edit {
		edit = "ready, no second factor needed"
	}
	return output.Table{Columns: []string{"FACT", "VALUE"}, Whole: []string{"VALUE"}, Rows: [][]string{
		{"account", r.Account},
		{"tenant", r.Tenant},
		{"tenant id", r.TenantID},
		{"store", r.Store},
		{"token until", expires},
		{"edit", edit},
	}}
}
