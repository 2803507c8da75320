package profilecmd

import (
	"context"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/midtier"
)

// learn returns the schema of the mid-tier, and what is left of the silent token request.
// The mid-tier sends its version even without a token, so that a schema that is known
// needs no sign-in. If the mid-tier does not send a schema, learn returns the last known
// one with the error.
func (e *edit) learn(ctx context.Context, ahead session.TokenFuture) (midtier.Schema, session.TokenFuture, error) {
	known := schemasOf(e.Session).Read()
	token := ""
	if ahead != nil {
		if result := ahead(); result.Err == nil && result.Challenge == nil {
			token = result.Token.Access
		}
	}
	done := e.Progress.Step("schema", "Reading the fields of the mid-tier")
	schema, ch, err := e.MidTier.Schema(ctx, token)
	done()
	switch {
	case err == nil && ch == nil:
		return cacheSchema(e.Session, schema), ahead, nil
	case schema.Version == known.Version:
		return known, ahead, nil
	case schema.Version == midtier.BuiltIn().Version:
		return cacheSchema(e.Session, midtier.BuiltIn()), ahead, nil
	case schema.Version == "":
		return known, ahead, err
	case e.options.DryRun:
		return known, ahead, e.NeedsUser(
			fault.SignIn,
			"the fields of the mid-tier have changed, and reading them needs a sign-in",
			"profilectl login --with-edit",
		)
	}
	schema, err = e.readSchema(ctx, ahead)
	if err != nil {
		return known, nil, err
	}
	// The silent request may have met a challenge that is answered by now.
	return cacheSchema(e.Session, schema), nil, nil
}

// readSchema reads the schema, with a step-up if policy requires one.
func (e *edit) readSchema(ctx context.Context, ahead session.TokenFuture) (schema midtier.Schema, err error) {
	request := session.StepUp{Ahead: ahead, Unsent: "the edit was not sent"}
	err = e.WithStepUp(ctx, e.account, request, func(t session.Token) (ch *challenge.Challenge, err error) {
		schema, ch, err = e.MidTier.Schema(ctx, t.Access)
		return ch, err
	})
	return schema, err
}
