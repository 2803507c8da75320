package sandboxcmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newMail(m manager) *cobra.Command {
	var to string
	var wait time.Duration
	c := &cobra.Command{
		Use:   "mail",
		Short: "Show the emails of a running sandbox, with their one-time codes",
		Long: `Show the emails of a running sandbox, the newest first. Each has a one-time
code. With --wait, wait for the next email and show only that one.`,
		Example: `  profilectl sandbox mail
  profilectl sandbox mail --to ada@contoso.example --jq '.[0].code'
  profilectl sandbox mail --to ada@contoso.example --wait --jq '.[0].code'`,
		Args: cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
			mail, err := c.Mail(ctx, to)
			if err == nil && wait > 0 {
				mail, err = nextMail(ctx, c, to, wait, m.pollWait())
			}
			if err != nil {
				return err
			}
			return printMail(p, mail)
		}),
	}
	f := c.Flags()
	f.StringVar(&to, "to", "", "show only the emails to an `address`")
	command.DurationFlag(f, &wait, "wait", 0, "wait for the next email (without a value: 5m)")
	flag := f.Lookup("wait")
	flag.DefValue, flag.NoOptDefVal = "0s", "5m"
	command.NotFromEnvironment(f, "wait") // PROFILECTL_WAIT is about the browser
	command.Complete(c, "to", m.users())
	return c
}

// nextMail waits for the next email to an address and returns it.
func nextMail(
	ctx context.Context,
	c *control.Client,
	to string,
	limit, poll time.Duration,
) ([]control.Message, error) {
	earlier, err := c.Mail(ctx, "")
	if err != nil {
		return nil, err
	}
	after := int64(0)
	if len(earlier) > 0 {
		after = earlier[0].Number
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		mail, err := c.WaitForMail(waiting, to, after, poll)
		switch {
		case errors.Is(waiting.Err(), context.DeadlineExceeded) && ctx.Err() == nil:
			return nil, &fault.Error{
				Kind: fault.Unavailable,
				What: fmt.Sprintf("no email arrived within %v", limit),
				Fix:  "start the sign-in while the command waits, or wait longer with --wait=DURATION",
				Err:  waiting.Err(),
			}
		case err != nil:
			return nil, err
		case len(mail) > 0:
			return mail[len(mail)-1:], nil
		}
	}
}

func printMail(p output.Printer, mail []control.Message) error {
	t := output.Table{Columns: []string{"TO", "CODE", "SUBJECT", "AT"}, Whole: []string{"TO", "CODE"}}
	for _, m := range mail {
		t.Rows = append(t.Rows, []string{m.To, m.Code, m.Subject, m.At.Local().Format(time.DateTime)})
	}
	return p.Print(mail, t)
}
