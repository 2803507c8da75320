package serve

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/auditlog"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/profile"
)

// edit is a valid change of a caller, in the parts that are sent with different
// credentials.
type edit struct {
	fields  *fields
	change  profile.Change // all of it
	builtIn profile.Change // sent on the user's behalf
	custom  profile.Change // sent by the application; empty for none
	user    guid.ID        // of the caller; the zero ID if custom is empty
}

// edit returns the parts of a valid change. Custom attributes need the user's object id,
// which comes from the verified token and from nowhere else.
func (f *fields) edit(caller bearer.Caller, change profile.Change) (edit, error) {
	e := edit{fields: f, change: change, builtIn: change}
	if !f.editable {
		return e, nil
	}
	e.builtIn, e.custom = change.Split()
	if len(e.custom) == 0 {
		return e, nil
	}
	claim, value := caller.User()
	id, ok := guid.Parse(value)
	if claim != "oid" || !ok {
		return e, &fault.Error{
			Kind: fault.Denied,
			What: "custom attributes need the user's object id, which the access token does not contain (oid)",
			Fix:  "sign in with the scope profile in addition; the built-in fields can be changed without it",
		}
	}
	e.user = id
	return e, nil
}

// applied is what became of an edit.
type applied struct {
	challenge *challenge.Challenge
	sent      bool // a change was sent to Graph
	partly    bool // Graph confirmed the built-in fields, and not the custom attributes
	err       error
}

// outcome returns the entry of the audit log.
func (a applied) outcome() auditlog.Outcome {
	if a.partly {
		return auditlog.Partial
	}
	return auditOutcome(a.challenge, a.sent, a.err)
}

// apply makes an edit: first on the user's behalf, then as the application. The exchange
// takes place for custom attributes too: it is where the tenant applies its policies to
// the user. The application's token is acquired before anything changes, so that a tenant
// that rejects the application leaves no edit half done.
func (s *Server) apply(ctx context.Context, w http.ResponseWriter, a obo.Assertion, e edit) applied {
	var token string
	if len(e.custom) > 0 {
		var err error
		if token, err = s.applicationToken(ctx, w, a); err != nil {
			return applied{err: err}
		}
	}
	ch, sent, err := s.applyBuiltIn(ctx, w, a, e.builtIn)
	if err != nil || ch != nil || len(e.custom) == 0 {
		return applied{challenge: ch, sent: sent, err: err}
	}
	err = s.applyCustom(ctx, w, a, token, e)
	return applied{sent: true, partly: err != nil && len(e.builtIn) > 0, err: err}
}

// applicationToken returns the token that changes custom attributes.
func (s *Server) applicationToken(ctx context.Context, w http.ResponseWriter, a obo.Assertion) (string, error) {
	seat := seatOf(ctx)
	start, waited := time.Now(), seat.waited
	result, err := s.tenant.Load().application.Token(ctx, a)
	if err != nil {
		s.parts.attributes.note(ctx, err)
	}
	if !result.Cached && !result.Merged {
		s.recordCall(w, "application_token", time.Since(start)-(seat.waited-waited))
	}
	return result.Token, err
}

// applyCustom sends the custom attributes of an edit. If Graph rejects the token, because
// it was revoked, applyCustom sends them again with another one, unless there is none: a
// token that is younger than a minute is not replaced.
func (s *Server) applyCustom(
	ctx context.Context,
	w http.ResponseWriter,
	a obo.Assertion,
	token string,
	e edit,
) error {
	body, err := e.fields.schema.Marshal(e.custom)
	if err != nil {
		return err
	}
	for again := false; ; again = true {
		start := time.Now()
		err := s.graph.UpdateUser(ctx, token, e.user, body)
		s.recordCall(w, "attributes", time.Since(start))
		s.parts.attributes.note(ctx, err)
		f, failed := errors.AsType[*fault.Error](err)
		if failed && (f.Kind == fault.SignIn || f.Kind == fault.Denied && f.ForOperator) {
			s.tenant.Load().application.Forget(token)
		}
		if !failed || f.Kind != fault.SignIn {
			return err
		}
		if again {
			return notTheCaller(f)
		}
		next, err := s.applicationToken(ctx, w, a)
		switch {
		case err != nil:
			return errors.Join(errTokenRejected, err)
		case next == token:
			return notTheCaller(f)
		}
		token = next
	}
}

// errTokenRejected is a cause of the error of a change that Graph rejected with its token, so
// that nothing was changed.
var errTokenRejected = errors.New("serve: Graph rejects the token")

// notTheCaller returns the fault of a token that Graph rejects and that is the mid-tier's,
// not the caller's. Nothing was changed with it.
func notTheCaller(f *fault.Error) *fault.Error {
	return &fault.Error{
		Kind:          fault.Unavailable,
		What:          f.What,
		Fix:           "try again in a minute",
		Err:           errors.Join(errTokenRejected, f),
		CorrelationID: f.CorrelationID,
	}
}
