package sandboxcmd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

type auditOptions struct {
	Follow  bool
	Refused bool
	Last    int
}

func newAudit(m manager) *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:   "audit",
		Short: "Show the requests to a running sandbox, with its decisions",
		Long: `Show the latest requests to a running sandbox: the client, the user, the status,
the decision and its reason, such as the policy that required a second factor.
The sandbox keeps 1000 requests. Times are those of the tenant's clock.`,
		Example: `  profilectl sandbox audit --last 20
  profilectl sandbox audit --follow
  profilectl sandbox audit --refused -o json \
    --jq '.[] | [.code, .reason] | @tsv'`,
		Args: cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
			entries, err := c.Audit(ctx, 0, 0)
			if err != nil {
				return err
			}
			shown := o.choose(entries)
			shown = shown[max(0, len(shown)-cmp.Or(max(o.Last, 0), len(shown))):]
			if !o.Follow {
				return command.PrintPaged(m.env, m.g, p, shown, auditTable(shown))
			}
			if err := o.printEach(p, shown, false); err != nil {
				return err
			}
			return o.follow(ctx, c, p, lastNumber(entries, 0), m.pollWait())
		}),
	}
	c.Flags().BoolVarP(&o.Follow, "follow", "f", false, "show new requests until Ctrl-C")
	c.Flags().BoolVar(&o.Refused, "refused", false, "show only refused and failed requests")
	c.Flags().IntVar(&o.Last, "last", 0, "show only the latest `n` requests; 0 is all")
	return c
}

// choose returns the entries that the options select.
func (o auditOptions) choose(entries []control.AuditEntry) []control.AuditEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e control.AuditEntry) bool {
		return o.Refused && e.Decision != control.Refused && e.Decision != control.Failed
	})
}

// follow prints the entries after a number as they come, until ctx is done.
func (o auditOptions) follow(
	ctx context.Context,
	c *control.Client,
	p output.Printer,
	after int64,
	wait time.Duration,
) error {
	for {
		entries, err := c.Audit(ctx, after, wait)
		if errors.Is(context.Cause(ctx), command.ErrInterrupted) {
			return command.ExitStatus(0) // Ctrl-C is the normal end
		}
		if err != nil {
			return err
		}
		after = lastNumber(entries, after)
		if err := o.printEach(p, o.choose(entries), true); err != nil {
			return err
		}
	}
}

// printEach prints entries of which more will follow: for a program, each on its own.
func (o auditOptions) printEach(p output.Printer, entries []control.AuditEntry, continued bool) error {
	if p.Plain() {
		t := auditTable(entries)
		t.Continued = continued
		return p.Print(entries, t)
	}
	p.Lines = true
	for _, e := range entries {
		if err := p.Print(e, output.Table{}); err != nil {
			return err
		}
	}
	return nil
}

// lastNumber returns the number of the latest entry, or otherwise if there is none.
func lastNumber(entries []control.AuditEntry, otherwise int64) int64 {
	if len(entries) == 0 {
		return otherwise
	}
	return entries[len(entries)-1].Number
}

func auditTable(entries []control.AuditEntry) output.Table {
	t := output.Table{
		Columns: []string{"TIME", "STATUS", "REQUEST", "CLIENT", "USER"},
		Details: []string{},
		Least:   []int{8, 6, 28, 18, 24},
	}
	for _, e := range entries {
		t.Rows = append(t.Rows, []string{
			e.Time.Local().Format(time.TimeOnly),
			strconv.Itoa(e.Status),
			e.Request(),
			cmp.Or(e.Client, e.ClientID),
			e.User,
		})
		t.Details = append(t.Details, e.Outcome())
	}
	return t
}
