package sts

import (
	"net/http"
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// consentingRoles are the directory roles whose holders may grant delegated permissions
// (learn.microsoft.com, "Grant tenant-wide admin consent to an application").
func consentingRoles() []string {
	return []string{
		"Global Administrator",
		"Privileged Role Administrator",
		"Cloud Application Administrator",
		"Application Administrator",
	}
}

// mayConsent reports whether a user may grant permissions to apps. Customers never may.
func (s *STS) mayConsent(userID string) bool {
	user, ok := s.findUser(userID)
	return ok && slices.ContainsFunc(user.Roles, func(id string) bool {
		role, known := directory.FindDirectoryRole(id)
		return known && slices.Contains(consentingRoles(), role.Name)
	})
}

// settleConsent determines the grant of a sign-in again, because the user, who may have
// consents of their own, is known now.
func (s *STS) settleConsent(t *transaction) *entraError {
	app, ok := s.findApp(t.app.ID)
	if !ok {
		return s.unknownClient(t.app.ID)
	}
	t.app = app.For(t.auth.UserID)
	g, e := s.resolve(t.grant.text, t.app)
	if e != nil {
		return e
	}
	t.grant, t.unconsented = g, g.unconsented(t.app)
	return nil
}

// consentAndFinish finishes a transaction if the app has the consent for all scopes.
// Otherwise it asks an administrator for it. Other users see that they need one.
func (s *STS) consentAndFinish(w http.ResponseWriter, r *http.Request, t *transaction) {
	e := s.settleConsent(t)
	switch {
	case e != nil:
		s.redirectError(w, r, t, e)
	case len(t.unconsented) == 0:
		s.finish(w, r, t)
	case s.mayConsent(t.auth.UserID):
		s.show(w, r, t, "grant", "")
	default:
		s.show(w, r, t, "consent", "")
	}
}

// grantConsent stores the consent of an administrator: for all users if the box is ticked, and
// otherwise for the administrator alone.
func (s *STS) grantConsent(w http.ResponseWriter, r *http.Request, t *transaction) {
	unmet := s.unmet(t.grant.api.ID, t.claims, t.auth)
	if !s.mayConsent(t.auth.UserID) || len(unmet.blocked) > 0 || unmet.secondFactor() {
		s.advance(w, r, t)
		return
	}
	user := t.auth.UserID
	if r.PostForm.Get("all") != "" {
		user = ""
	}
	err := s.Directory.Update(func(d *directory.State) error {
		for _, scope := range t.unconsented {
			if api, short, ok := FindScope(d, scope); ok {
				d.AddConsent(t.app.ID, api.ID, user, short)
			}
		}
		return nil
	})
	if err != nil {
		s.Log.Error("store consent", "error", err)
		s.show(w, r, t, "grant", "We couldn't store the consent. Try again.")
		return
	}
	audit.From(r.Context()).Answered("the administrator granted %s to %s", inWords(t.unconsented), t.app.Name)
	s.advance(w, r, t)
}
