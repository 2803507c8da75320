package cli

import (
	"context"
	"errors"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/midtier"
	"github.com/profilectl/profilectl/internal/profile"
)

// schemaCache returns the cache with the last known schema of a tenant's mid-tier.
func schemaCache(stateDir, tenant string, settings config.Settings) midtier.Cache {
	return midtier.CacheIn(stateDir, tenant, settings.Text("authority"), settings.Text("mid-tier"))
}

func (s *session) schemas() midtier.Cache { return schemaCache(s.paths.State, s.tenant, s.settings) }

// cache remembers a schema. A schema that cannot be remembered is read again the next time.
func (s *session) cache(schema midtier.Schema) midtier.Schema {
	_ = s.schemas().Write(schema)
	return schema
}

// learn returns the schema of the mid-tier, and what is left of the silent token request.
// The mid-tier sends its version even without a token, so that a schema that is known
// needs no sign-in. If the mid-tier does not send a schema, learn returns the last known
// one with the error.
func (e *edit) learn(ctx context.Context, ahead tokenFuture) (midtier.Schema, tokenFuture, error) {
	known := e.schemas().Read()
	token := ""
	if ahead != nil {
		if result := ahead(); result.err == nil && result.challenge == nil {
			token = result.token.Access
		}
	}
	done := e.progress.step("schema", "Reading the fields of the mid-tier")
	schema, ch, err := e.midtier.Schema(ctx, token)
	done()
	switch {
	case err == nil && ch == nil:
		return e.cache(schema), ahead, nil
	case schema.Version == known.Version:
		return known, ahead, nil
	case schema.Version == midtier.BuiltIn().Version:
		return e.cache(midtier.BuiltIn()), ahead, nil
	case schema.Version == "":
		return known, ahead, err
	case e.options.DryRun:
		return known, ahead, e.needsUser(
			fault.SignIn,
			"the fields of the mid-tier have changed, and reading them needs a sign-in",
			"profilectl login --with-edit",
		)
	}
	schema, err = e.readSchema(ctx, ahead)
	if err != nil {
		return known, nil, err
	}
	return e.cache(schema), nil, nil // the silent request may have met a challenge that is answered by now
}

// readSchema reads the schema, with a step-up if policy requires one.
func (e *edit) readSchema(ctx context.Context, ahead tokenFuture) (schema midtier.Schema, err error) {
	request := stepUp{ahead: ahead, unsent: "the edit was not sent"}
	err = e.withStepUp(ctx, e.account, request, func(t acquiredToken) (ch *challenge.Challenge, err error) {
		schema, ch, err = e.midtier.Schema(ctx, t.Access)
		return ch, err
	})
	return schema, err
}

// refresh reads the schema for the next command if the mid-tier has another one than the
// last known. It is no problem if that fails.
func (s *session) refresh(ctx context.Context, token, version string) {
	if version == "" || version == s.schemas().Read().Version {
		return
	}
	if version == midtier.BuiltIn().Version {
		s.cache(midtier.BuiltIn())
		return
	}
	s.readAhead(ctx, token)
}

// readAhead reads the schema for later commands. It is no problem if that fails.
func (s *session) readAhead(ctx context.Context, token string) {
	const limit = 3 * time.Second // the command has done its work
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if schema, ch, err := s.midtier.Schema(ctx, token); err == nil && ch == nil {
		s.cache(schema)
	}
}

// stepUp describes a call of the mid-tier that may need a step-up.
type stepUp struct {
	ahead  tokenFuture // as in tokenRequest
	unsent string      // what the call did not do, if another account signs in
}

// withStepUp calls the mid-tier with a token.
//
// This is the one loop between a claims challenge and the user who can answer it. Whatever
// the challenge comes from (the silent token request, the mid-tier, the exchange or Graph),
// the user steps up once with the same account, and the same call is made again. A second
// challenge is an error.
func (s *session) withStepUp(
	ctx context.Context,
	account auth.Account,
	do stepUp,
	call func(acquiredToken) (*challenge.Challenge, error),
) error {
	request, err := s.editRequest()
	if err != nil {
		return err
	}
	request.Ahead = do.ahead
	var ch *challenge.Challenge
	once := func() error {
		return s.withToken(ctx, account, request, func(t acquiredToken) (err error) {
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
		return fault.As(err).Reworded("a different account signed in; " + do.unsent)
	}
	return err
}

// readFields reads the fields of a schema and further properties. It returns the schema of
// the fields that it has read; see readSelected.
func (s *session) readFields(
	ctx context.Context,
	account auth.Account,
	schema profile.Schema,
	further ...string,
) (graph.Profile, profile.Schema, error) {
	names := append(schema.Names(), further...)
	me, read, err := s.readSelected(ctx, account, names)
	if len(read) < len(names) {
		schema = profile.BuiltIn()
	}
	return me, schema, err
}
