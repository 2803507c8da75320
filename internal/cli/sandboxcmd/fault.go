package sandboxcmd

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newFault(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "fault",
		Short: "Make requests to a running sandbox fail",
		Long: `Make the next requests to a part of a running sandbox fail. A fault affects one
request. Several faults of a part affect as many requests, in order.`,
		Example: `  profilectl sandbox fault add graph --status 503
  profilectl sandbox fault add token --status 429 --retry-after 2
  profilectl sandbox fault list
  profilectl sandbox fault clear`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newFaultAdd(m), &cobra.Command{
		Use:   "list",
		Short: "List the pending faults",
		Args:  cobra.NoArgs,
		RunE:  m.run(listFaults),
	}, &cobra.Command{
		Use:   "clear",
		Short: "Remove the pending faults",
		Args:  cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if err := c.Recover(ctx); err != nil {
				return err
			}
			return listFaults(ctx, c, p, args)
		}),
	})
	return c
}

func newFaultAdd(m manager) *cobra.Command {
	var f control.Fault
	c := &cobra.Command{
		Use:   "add PART",
		Short: "Make the next request to a part fail, or delay its response",
		Long: `Make the next request to a part fail, or delay its response. PART is discovery,
keys, token, graph, pages or any.`,
		Example: `  profilectl sandbox fault add graph --status 503
  profilectl sandbox fault add token --delay 3s
  profilectl sandbox fault add any --reset`,
		ValidArgsFunction: command.FirstArgument(command.OneOf("any", "discovery", "keys", "token", "graph", "pages")),
		Args:              cobra.ExactArgs(1),
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
			if f.Part = args[0]; f.Part == "any" {
				f.Part = ""
			}
			if err := c.FailNext(ctx, f); err != nil {
				return err
			}
			return listFaults(ctx, c, p, args)
		}),
	}
	flags := c.Flags()
	flags.IntVar(&f.Status, "status", 0, "HTTP `status` of the response")
	flags.IntVar(&f.RetryAfter, "retry-after", 0, "`seconds` in the Retry-After header; needs --status")
	flags.StringVar(&f.Body, "body", "", "`text` of the response; needs --status")
	flags.DurationVar(&f.Delay, "delay", 0, "delay the response by this long")
	flags.BoolVar(&f.Reset, "reset", false, "close the connection without a response")
	flags.BoolVar(&f.Cut, "cut", false, "close the connection after half of the response")
	return c
}

func listFaults(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
	faults, err := c.Faults(ctx)
	if err != nil {
		return err
	}
	t := output.Table{Columns: []string{"PART", "STATUS", "RETRY AFTER", "DELAY", "CONNECTION"}}
	for _, f := range faults {
		t.Rows = append(t.Rows, faultRow(f))
	}
	return p.Print(faults, t)
}

func faultRow(f control.Fault) []string {
	part, connection := f.Part, ""
	if part == "" {
		part = "any"
	}
	switch {
	case f.Reset:
		connection = "reset"
	case f.Cut:
		connection = "cut"
	}
	return []string{part, number(f.Status), number(f.RetryAfter), interval(f.Delay), connection}
}

// number returns n as text, or an empty string for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// interval returns d as text, or an empty string for 0.
func interval(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
