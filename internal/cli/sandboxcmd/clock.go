package sandboxcmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newClock(m manager) *cobra.Command {
	c := &cobra.Command{
		Use:   "clock",
		Short: "Show or change the clock of a running sandbox",
		Long: `Show the clock of a running sandbox. The subcommands change it, so that tokens,
codes and sign-ins expire without waiting. A change lasts until the sandbox
stops.`,
		Example: `  profilectl sandbox clock
  profilectl sandbox clock forward 2h      # access tokens expire
  profilectl sandbox clock forward 2160h   # refresh tokens expire (90 days)
  profilectl sandbox clock back 2h
  profilectl sandbox clock set 2030-01-02T03:04:05Z
  profilectl sandbox clock freeze          # nothing expires
  profilectl sandbox clock reset`,
		Args: cobra.NoArgs,
		RunE: m.run(changeClock(func([]string) (change control.ClockChange, err error) { return change, nil })),
	}
	sub := func(use, short string, args cobra.PositionalArgs, change clockChange) {
		c.AddCommand(&cobra.Command{Use: use, Short: short, Args: args, RunE: m.run(changeClock(change))})
	}
	sub("forward DURATION", "Move the clock forward", cobra.ExactArgs(1),
		func(args []string) (control.ClockChange, error) { return control.ClockChange{Forward: args[0]}, nil })
	sub("back DURATION", "Move the clock back", cobra.ExactArgs(1),
		func(args []string) (control.ClockChange, error) { return control.ClockChange{Back: args[0]}, nil })
	sub("set TIME", "Set the clock to a time such as 2030-01-02T03:04:05Z", cobra.ExactArgs(1), setClock)
	sub("freeze", "Stop the clock", cobra.NoArgs,
		func([]string) (control.ClockChange, error) { return control.ClockChange{Freeze: true}, nil })
	sub("reset", "Reset the clock to the real time", cobra.NoArgs,
		func([]string) (control.ClockChange, error) { return control.ClockChange{Reset: true}, nil })
	return c
}

// clockChange returns the change that the arguments of a command describe, or the
// zero value for none.
type clockChange func(args []string) (control.ClockChange, error)

// changeClock changes the clock and prints what it then shows.
func changeClock(parse clockChange) action {
	return func(ctx context.Context, c *control.Client, p output.Printer, args []string) error {
		change, err := parse(args)
		if err == nil && change != (control.ClockChange{}) {
			err = c.ChangeClock(ctx, change)
		}
		if err != nil {
			return err
		}
		clock, err := c.Clock(ctx)
		if err != nil {
			return err
		}
		state := "running"
		if clock.Frozen {
			state = "frozen"
		}
		return p.Print(clock, output.Table{
			Columns: []string{"TIME", "OFFSET", "CLOCK"},
			Whole:   []string{"TIME"},
			Rows:    [][]string{{clock.Time.Format(time.RFC3339), clock.Offset, state}},
		})
	}
}

func setClock(args []string) (control.ClockChange, error) {
	to, err := time.Parse(time.RFC3339, args[0])
	if err != nil {
		return control.ClockChange{}, &fault.Error{
			Kind: fault.Usage,
			What: command.Quote(args[0]) + " is not a time",
			Fix:  "write it as 2030-01-02T03:04:05Z",
			Err:  err,
		}
	}
	return control.ClockChange{Set: to}, nil
}
