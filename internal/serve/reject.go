package serve

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/profilectl/profilectl/internal/bearer"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/problem"
	"github.com/profilectl/profilectl/internal/upstream"
)

// reject sends the problem document of f. Status 0 is the one of f's kind.
func (s *Server) reject(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	s.send(w, f, problem.From(f, status, upstream.CorrelationID(r.Context())))
}

// send sends a problem document and records its fault.
func (s *Server) send(w http.ResponseWriter, f *fault.Error, document problem.Document) {
	if rec, ok := w.(*recorder); ok {
		rec.outcome, rec.cause = f.Kind.String(), f.Err
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", seconds(f.RetryAfter))
	}
	if err := document.Write(w); err != nil {
		s.log.Debug("cannot write the response", "error", err)
	}
}

// seconds formats a duration as Retry-After requires: whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

// sendChallenge sends a claims challenge, in the header and in the document: some
// gateways rename or remove the header.
func (s *Server) sendChallenge(w http.ResponseWriter, r *http.Request, ch *challenge.Challenge) {
	ch.Header(w.Header(), s.tenant.Load().issuer)
	f := &fault.Error{
		Kind: fault.StepUp,
		What: "a stronger sign-in is needed for this change",
		Fix:  "sign in again with the claims of the WWW-Authenticate header",
	}
	document := problem.From(f, http.StatusUnauthorized, upstream.CorrelationID(r.Context()))
	document.Claims, document.MaxAge = ch.Request(), int(ch.MaxAge.Seconds())
	s.send(w, f, document)
}

// rejectToken rejects a request without a valid access token, with the
// WWW-Authenticate header of RFC 6750, 3.
func (s *Server) rejectToken(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.As(err)
	if refusal, ok := errors.AsType[bearer.Refusal](err); ok {
		header := `Bearer realm=""`
		if refusal != bearer.Missing {
			header += fmt.Sprintf(`, error="%s", error_description="%s"`, string(refusal), f.What)
		}
		w.Header().Set("WWW-Authenticate", header)
	}
	s.reject(w, r, 0, f)
}

// tooMany rejects a request of a user who has sent too many (RFC 6585, 4).
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	s.metrics.limited.Inc()
	s.reject(w, r, http.StatusTooManyRequests, &fault.Error{
		Kind:       fault.Unavailable,
		What:       "too many changes in a short time",
		Fix:        "try again in " + seconds(wait) + " seconds",
		RetryAfter: wait,
	})
}
