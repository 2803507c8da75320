package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/upstream"
)

// fail maps a failure of Entra or Graph to a response, which is never a success.
// What only the operator can fix is logged with its fix.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.As(err)
	if f.Kind == fault.SignIn || f.Kind == fault.StepUp { // the caller's token is no longer sufficient
		s.sendChallenge(w, r, &challenge.Challenge{})
		return
	}
	shown := s.shown(r, f)
	document := problem.From(shown, failureStatus(err), upstream.CorrelationID(r.Context()))
	if rec, ok := w.(*recorder); ok {
		rec.failed = document.Status >= http.StatusInternalServerError
	}
	s.send(w, shown, document)
}

// failPartly sends the response of an edit whose custom attributes failed after its
// built-in fields were changed. The same request can be sent again.
func (s *Server) failPartly(w http.ResponseWriter, r *http.Request, e edit, err error) {
	shown := s.shown(r, fault.As(err))
	status := http.StatusBadGateway
	if failureStatus(err) == statusDisconnected {
		status = statusDisconnected
	}
	document := problem.From(shown, status, upstream.CorrelationID(r.Context()))
	document.Detail = "only a part of the change was made: " + document.Detail
	document.Applied = e.fields.schema.Changed(e.builtIn)
	document.NotApplied = e.fields.schema.Changed(e.custom)
	s.send(w, shown, document)
	if rec, ok := w.(*recorder); ok {
		rec.outcome, rec.failed = partial, status == http.StatusBadGateway
	}
}

// partial is the outcome of an edit of which only a part was made.
const partial = "partial"

// shown returns a failure in words for the caller, and logs what only the operator can
// fix.
func (s *Server) shown(r *http.Request, f *fault.Error) *fault.Error {
	shown := forCaller(f)
	if operatorMustAct(f) {
		s.log.ErrorContext(r.Context(), shown.What,
			"reason", f.What,
			"fix", f.Advice(),
			"correlationId", upstream.CorrelationID(r.Context()))
	}
	return shown
}

// statusDisconnected is the status of a request whose caller has disconnected, as
// proxies record it. No response is sent.
const statusDisconnected = 499

// failureStatus returns the status for a failure of Entra or Graph, or 0 for that
// of the fault's kind.
func failureStatus(err error) int {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, upstream.ErrThrottled):
		return http.StatusTooManyRequests
	}
	switch fault.As(err).Kind {
	case fault.Invalid: // Graph has a rule that package profile does not know
		return http.StatusUnprocessableEntity
	case fault.Denied, fault.Usage, fault.Internal:
		return http.StatusBadGateway
	case fault.Canceled: // by the caller alone: nothing else ends the context of a request
		return statusDisconnected
	default:
		return 0
	}
}

// operatorMustAct reports whether only the operator can fix a failure. Every Usage
// fault is one of them: a caller has no influence on the settings.
func operatorMustAct(f *fault.Error) bool {
	return f.ForOperator || f.Kind == fault.Usage || f.Kind == fault.Internal
}

// forCaller returns a failure of Entra or Graph in words for a caller of the API. It
// names no credential, registration or setting, which only the operator can change.
func forCaller(f *fault.Error) *fault.Error {
	const contact = "contact its operator and give the correlation id"
	shown := *f
	switch {
	case f.Kind == fault.Internal:
		shown.What, shown.Fix = "something went wrong inside the mid-tier", contact
	case operatorMustAct(f):
		shown.Kind, shown.What, shown.Fix = fault.Denied, "the service is misconfigured", contact
	case f.Kind == fault.Unavailable && f.RetryAfter > 0:
		shown.Fix = "try again in " + seconds(f.RetryAfter) + " seconds"
	case f.Kind == fault.Unavailable:
		shown.Fix = "try again in a minute"
	default:
		return f
	}
	shown.Next = fault.NoAction
	return &shown
}
