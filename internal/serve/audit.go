package serve

import (
	"context"
	"errors"
	"time"

	"github.com/profilectl/profilectl/internal/auditlog"
	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/upstream"
)

// audit writes an attempt to change a profile to the audit log, if there is one. A
// failure is logged, without the user, and does not affect the response: the change has
// been made already.
func (s *Server) audit(ctx context.Context, caller bearer.Caller, e edit, result applied) {
	entry := auditlog.Entry{Fields: e.fields.schema.Changed(e.change), Outcome: result.outcome()}
	if result.partly {
		entry.Applied = e.fields.schema.Changed(e.builtIn)
	}
	s.writeAudit(ctx, caller, entry)
}

// writeAudit completes an entry about a request of the caller and writes it, if there is an
// audit log.
func (s *Server) writeAudit(ctx context.Context, caller bearer.Caller, entry auditlog.Entry) {
	if s.parts.audit == nil {
		return
	}
	entry.Time, entry.Client, entry.CorrelationID = time.Now(), caller.Client, upstream.CorrelationID(ctx)
	if claim, value := caller.User(); claim == "oid" {
		entry.ObjectID = value
	} else {
		entry.Subject = value
	}
	if err := s.parts.audit.Write(entry); err != nil {
		s.metrics.unaudited.Inc()
		s.log.ErrorContext(ctx, "an entry of the audit log is lost",
			"error", err,
			"correlationId", entry.CorrelationID)
	}
}

// auditOutcome returns what became of a change. A change that was sent counts as unknown
// unless Graph refused it: a request whose response is lost may have been processed.
func auditOutcome(ch *challenge.Challenge, sent bool, err error) auditlog.Outcome {
	switch {
	case ch != nil:
		return auditlog.Refused
	case err == nil:
		return auditlog.Changed
	}
	switch fault.As(err).Kind {
	case fault.SignIn, fault.StepUp, fault.Denied, fault.Invalid:
		return auditlog.Refused
	}
	switch {
	case errors.Is(err, errTokenRejected):
		return auditlog.Refused
	case !sent, errors.Is(err, upstream.ErrThrottled), upstream.Unsent(err):
		return auditlog.Failed
	default:
		return auditlog.Unknown
	}
}

// openAudit opens the audit log, or returns nil if there is none.
func openAudit(s Settings) (*auditlog.Log, error) {
	if s.AuditLog == "" {
		return nil, nil
	}
	return auditlog.Open(s.AuditLog)
}

// reopenAudit opens the audit log again, or logs why that is not possible.
func (s *Server) reopenAudit() (changed bool, err error) {
	changed, err = s.parts.audit.Reopen()
	if err != nil {
		f := fault.As(err)
		s.log.Error("the audit log cannot be reopened; keeping the old file", "reason", f.What, "fix", f.Advice())
	}
	return changed, err
}

// checkAudit returns why the audit log cannot be opened, or nil if it can or there is none.
func checkAudit(s Settings) error {
	if s.AuditLog == "" {
		return nil
	}
	return auditlog.Check(s.AuditLog)
}
