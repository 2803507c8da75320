package serve

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/errorlog"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/pace"
	"github.com/profilectl/profilectl/internal/profile"
)

// maxBody is the largest body of a request that is read, in bytes.
const maxBody = 64 << 10

// update handles POST /updateUserInfo.
func (s *Server) update(w http.ResponseWriter, r *http.Request) {
	ctx, f := r.Context(), s.fields()
	f.describe(w)
	caller, ok := s.admit(w, r)
	if !ok {
		return
	}
	change, status, err := decode(w, r, f.schema)
	if err != nil {
		s.reject(w, r, status, fault.As(err))
		return
	}
	e, err := f.edit(caller, change)
	if err != nil {
		s.reject(w, r, 0, fault.As(err))
		return
	}
	result := s.apply(ctx, w, obo.Assertion{
		Token:   caller.Assertion,
		Key:     caller.Key,
		Expires: caller.Expires,
		User:    caller.ID,
		Idle:    func() func() { return seatOf(ctx).idle(ctx) },
	}, e)
	s.audit(ctx, caller, e, result)
	switch {
	case result.partly:
		s.failPartly(w, r, e, result.err)
	case result.err != nil:
		s.fail(w, r, result.err)
	case result.challenge != nil:
		s.sendChallenge(w, r, result.challenge)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// admit returns the caller of a request, or sends the response that rejects it.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (caller bearer.Caller, ok bool) {
	ctx := r.Context()
	caller, ch, err := s.tenant.Load().verifier.Verify(ctx, r.Header)
	if err != nil {
		s.rejectToken(w, r, err)
		return caller, false
	}
	if ch != nil {
		s.sendChallenge(w, r, ch)
		return caller, false
	}
	if wait := s.live.Load().rates.wait(ctx, caller.ID, time.Now()); wait > 0 {
		s.tooMany(w, r, wait)
		return caller, false
	}
	return caller, true
}

// applyBuiltIn exchanges the assertion and sends the change to Graph on the caller's
// behalf; an empty change is not sent. If Graph rejects a cached token, because something
// was revoked in the meantime, applyBuiltIn exchanges the assertion again: the tenant
// knows why. sent reports whether the change was sent to Graph.
func (s *Server) applyBuiltIn(
	ctx context.Context,
	w http.ResponseWriter,
	assertion obo.Assertion,
	change profile.Change,
) (ch *challenge.Challenge, sent bool, err error) {
	exchanger := s.tenant.Load().exchanger
	for again := false; ; again = true {
		result, err := s.exchange(ctx, w, exchanger, assertion)
		if obo.RejectsCredential(err) {
			s.tenant.Load().suspect()
		}
		if err != nil && again {
			err = errors.Join(errTokenRejected, err)
		}
		if err != nil || result.Challenge != nil || len(change) == 0 {
			return result.Challenge, sent, err
		}
		start := time.Now()
		ch, err := s.graph.Update(ctx, result.Token, change)
		sent = true
		s.recordCall(w, "graph", time.Since(start))
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.SignIn {
			return ch, sent, err
		}
		exchanger.Forget(ctx, assertion) // MSAL may have cached a token that is new to us
		if !result.Cached || again {
			return nil, sent, notTheCaller(f)
		}
	}
}

// exchange exchanges the assertion and records the result. The time of the call does not
// include the time for which the request waited for its turn.
func (s *Server) exchange(
	ctx context.Context,
	w http.ResponseWriter,
	exchanger *obo.Exchanger,
	assertion obo.Assertion,
) (obo.Result, error) {
	seat := seatOf(ctx)
	start, waited := time.Now(), seat.waited
	result, err := exchanger.Exchange(ctx, assertion)
	s.metrics.exchange(result, err)
	waited = seat.waited - waited
	if rec, ok := w.(*recorder); ok && waited > 0 {
		rec.calls = append(rec.calls, milliseconds("wait_ms", waited))
	}
	if !result.Cached && !result.Merged && !errors.Is(err, pace.ErrNoTurn) {
		s.recordCall(w, "exchange", time.Since(start)-waited)
	}
	return result, err
}

// decode reads the change from the body. If it fails it also returns the status of
// the response, or 0 for that of the fault's kind.
func decode(w http.ResponseWriter, r *http.Request, schema profile.Schema) (profile.Change, int, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, http.StatusUnsupportedMediaType, notJSON(err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status, f := unreadable(err)
		return nil, status, f
	}
	change, err := schema.Decode(body)
	return change, 0, err
}

func notJSON(err error) *fault.Error {
	return &fault.Error{
		Kind: fault.Usage,
		What: "the Content-Type is not application/json",
		Fix:  "send Content-Type: application/json",
		Err:  err,
	}
}

// unreadable returns the status and the fault of a body that could not be read.
func unreadable(err error) (int, *fault.Error) {
	var timeout net.Error
	cause := errors.New(errorlog.Redact(err.Error())) // it may hold the caller's address
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return http.StatusRequestEntityTooLarge, &fault.Error{
			Kind: fault.Invalid,
			What: "the body is larger than 64 KiB",
			Fix:  "send only the fields that change",
			Err:  cause,
		}
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusRequestTimeout, &fault.Error{
			Kind: fault.Unavailable,
			What: "the body did not arrive in time",
			Fix:  "send it again",
			Err:  cause,
		}
	default:
		return http.StatusBadRequest, &fault.Error{
			Kind: fault.Usage,
			What: "the body is incomplete",
			Fix:  "send it again",
			Err:  cause,
		}
	}
}
