package command

import (
	"context"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/terminal"
)

// Confirm asks a question at the terminal. It returns a Canceled fault if the answer is no.
func (e Env) Confirm(ctx context.Context, facts terminal.Capabilities, question string) error {
	yes, err := terminal.Confirm(ctx, e.Stdin, e.Stderr, facts, question)
	if err == nil && !yes {
		err = &fault.Error{
			Kind: fault.Canceled,
			What: "canceled; nothing was changed",
			Fix:  "run the command again to start over",
		}
	}
	return err
}
