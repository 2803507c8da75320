package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/output"
)

func newWhoami(env Env, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Say who is signed in, without any network; exit code 4 if nobody is", Args: cobra.NoArgs,
		Example: `  profilectl whoami
  profilectl whoami -o json --jq .account
  profilectl whoami --no-input >/dev/null || profilectl login`,
		RunE: func(c *cobra.Command, _ []string) error { return runWhoami(c.Context(), env, g) },
	}
}

// whoamiReport is who is signed in, as scripts read it.
type whoamiReport struct {
	Account  string     `json:"account"`
	ID       string     `json:"id"`
	Tenant   string     `json:"tenant"`
	TenantID string     `json:"tenantId"`
	Store    string     `json:"store"`
	Expires  *time.Time `json:"expires"` // of the cached token to read with; null if it has to be renewed
	Edit     bool       `json:"edit"`    // an edit would ask for no second factor
}

func runWhoami(ctx context.Context, env Env, g *globals) error {
	s, who, err := openAccount(ctx, env, g, sessionOptions{Discovery: discoverNever})
	if err != nil {
		return err
	}
	report := whoamiReport{Account: who.Username, ID: who.ID, Tenant: s.tenant, TenantID: s.authority.TenantID, Store: s.store.Kind()}
	read, fresh, err := s.auth.Cached(ctx, who, graphScopes())
	if err != nil {
		return err
	}
	expires := "has to be renewed"
	if fresh {
		utc := read.Expires.UTC()
		report.Expires, expires = &utc, utc.Format(time.RFC3339)
	}
	if scope := s.settings.Text("edit-scope"); scope != "" {
		if _, report.Edit, err = s.auth.Cached(ctx, who, []string{scope}); err != nil {
			return err
		}
	}
	edit := "asks for a second factor"
	if report.Edit {
		edit = "possible without asking"
	}
	return s.printer.Print(report, output.Table{Columns: []string{"FACT", "VALUE"}, Rows: [][]string{
		{"account", who.Username}, {"tenant", s.tenant}, {"tenant id", s.authority.TenantID}, {"store", s.store.Kind()}, {"token until", expires}, {"edit", edit},
	}})
}
