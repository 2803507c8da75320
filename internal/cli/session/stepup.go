package session

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
)

// StepUp describes a call of the mid-tier that may need a step-up.
type StepUp struct {
	Ahead  TokenFuture // as in TokenRequest
	Unsent string      // what the call did not do, if another account signs in
}

// WithStepUp calls the mid-tier with a token.
//
// This is the one loop between a claims challenge and the user who can answer it. Whatever
// the challenge comes from (the silent token request, the mid-tier, the exchange or Graph),
// the user steps up once with the same account, and the same call is made again. A second
// challenge is an error.
func (s *Session) WithStepUp(
	ctx context.Context,
	account auth.Account,
	do StepUp,
	call func(Token) (*challenge.Challenge, error),
) error {
	request, err := s.EditRequest()
	if err != nil {
		return err
	}
	request.Ahead = do.Ahead
	var ch *challenge.Challenge
	once := func() error {
		return s.withToken(ctx, account, request, func(t Token) (err error) {
			ch, err = call(t)
			return err
		})
	}
	err = once()
	if err == nil && ch != nil {
		request.Challenge = ch
		err = once()
	}
	if err == nil && ch != nil {
		return &fault.Error{
			Kind: fault.Denied,
			What: "the mid-tier requires a stronger sign-in even after the second factor",
			Fix: "ask the tenant's administrator to compare the mid-tier's required authentication context " +
				"with the Conditional Access policies",
		}
	}
	if errors.Is(err, auth.ErrDifferentAccount) {
		return fault.As(err).Reworded("a different account signed in; " + do.Unsent)
	}
	return err
}
