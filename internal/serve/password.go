package serve

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/profilectl/profilectl/internal/auditlog"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/obo"
	"github.com/profilectl/profilectl/internal/password"
)

const (
	// passwordRoute is served only with Settings.AllowPasswordChange.
	passwordRoute = "POST /changePassword"
	// passwordScope is the only permission with which users change their password.
	passwordScope = "https://graph.microsoft.com/Directory.AccessAsUser.All" //nolint:gosec // no credential
	// passwordsPerMinute limits the attempts of one user, because each tries a current
	// password. It applies in addition to Settings.Rate.
	passwordsPerMinute = 5
)

// changePassword handles POST /changePassword. The passwords are in no log, no trace and no
// response.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	caller, ok := s.admit(w, r)
	if !ok {
		return
	}
	change, status, err := decodePasswords(w, r)
	if err != nil {
		s.reject(w, r, status, fault.As(err))
		return
	}
	if wait := s.passwords.wait(ctx, "password "+caller.ID, time.Now()); wait > 0 {
		s.tooMany(w, r, wait)
		return
	}
	ch, sent, err := s.applyPassword(ctx, w, obo.Assertion{
		Token:   caller.Assertion,
		Key:     caller.Key,
		Expires: caller.Expires,
		User:    caller.ID,
		Idle:    func() func() { return seatOf(ctx).idle(ctx) },
	}, change)
	outcome := auditOutcome(ch, sent, err)
	s.writeAudit(ctx, caller, auditlog.Entry{Fields: []string{"password"}, Outcome: outcome})
	switch {
	case outcome == auditlog.Unknown:
		s.fail(w, r, unconfirmed(err))
	case err != nil:
		s.fail(w, r, err)
	case ch != nil:
		s.sendChallenge(w, r, ch)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// unconfirmed returns the fault of a change whose response is lost. If the caller has
// disconnected, that is no failure of the mid-tier.
func unconfirmed(err error) error {
	kind := fault.Denied
	if fault.As(err).Kind == fault.Canceled {
		kind = fault.Canceled
	}
	return &fault.Error{
		Kind: kind,
		What: "Microsoft Graph did not confirm the change: the password may have changed",
		Fix:  "sign in to find out which password is valid",
		Err:  err,
	}
}

// applyPassword exchanges the assertion and sends the passwords to Graph, once. The token that
// it gets grants more than any other of the mid-tier, so it is not kept.
func (s *Server) applyPassword(
	ctx context.Context,
	w http.ResponseWriter,
	assertion obo.Assertion,
	change password.Change,
) (ch *challenge.Challenge, sent bool, err error) {
	exchanger := s.tenant.Load().passwords
	result, err := s.exchange(ctx, w, exchanger, assertion)
	if obo.RejectsCredential(err) {
		s.tenant.Load().suspect()
	}
	if err != nil || result.Challenge != nil {
		return result.Challenge, false, err
	}
	exchanger.Forget(ctx, assertion)
	start := time.Now()
	ch, err = s.graph.ChangePassword(ctx, result.Token, change)
	s.recordCall(w, "graph", time.Since(start))
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.SignIn {
		err = notTheCaller(f)
	}
	return ch, true, err
}

// decodePasswords reads the passwords from the body. If it fails it also returns the status of
// the response, or 0 for that of the fault's kind.
func decodePasswords(w http.ResponseWriter, r *http.Request) (password.Change, int, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return password.Change{}, http.StatusUnsupportedMediaType, notJSON(err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status, f := unreadable(err)
		return password.Change{}, status, f
	}
	change, err := password.Parse(body)
	if err != nil && fault.As(err).Kind == fault.Invalid {
		return change, http.StatusUnprocessableEntity, err
	}
	return change, 0, err
}

// newPasswords returns what acquires the tokens that change passwords, or nil if the mid-tier
// does not offer it. Its results are not shared with other replicas.
func newPasswords(s Settings, c obo.Config) (*obo.Exchanger, error) {
	if !s.AllowPasswordChange {
		return nil, nil
	}
	c.Scope, c.Shared = passwordScope, nil
	return obo.New(c)
}
