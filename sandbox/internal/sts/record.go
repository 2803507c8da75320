package sts

import (
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// recordUser records the user that a request is about.
func (s *STS) recordUser(record *audit.Record, userID string) {
	if user, ok := s.findUser(userID); ok {
		record.User(user.Email)
	}
}

// recordTransaction records whose sign-in a request continues: the app, its scopes, and the
// user if the tenant knows an account with the email address that was entered.
func (s *STS) recordTransaction(r *http.Request, t *transaction) {
	record := audit.From(r.Context())
	record.Client(t.app.ID, t.app.Name)
	record.Scopes(t.grant.echo...)
	s.Directory.View(func(d *directory.State) {
		if user, ok := d.UserByID(t.auth.UserID); ok {
			record.User(user.Email)
		} else if user, ok := d.UserByEmail(t.hint); ok {
			record.User(user.Email)
		}
	})
}

// recordPage records that a page of a sign-in was shown, or that it was shown again because
// of a problem with the user's input.
func (s *STS) recordPage(r *http.Request, t *transaction, page, problem string) {
	s.recordTransaction(r, t)
	record := audit.From(r.Context())
	if problem != "" {
		record.Refused("", "%s", problem)
		return
	}
	switch page {
	case "account":
		record.Shown("asked which account to sign in with")
	case "code":
		record.Shown("asked for a one-time code: %s", s.codePurpose(t))
	case "consent":
		record.Refused(newError(aadstsAdminConsentRequired, t.app.Name).Error(),
			"no administrator has granted %s to %s, and users cannot consent", inWords(t.unconsented), t.app.Name)
	case "grant":
		record.Shown("asked the administrator to grant %s to %s", inWords(t.unconsented), t.app.Name)
	case "sign-up":
		record.Shown("asked for the details of a new account")
	case "forgot":
		record.Shown("asked for the account whose password was forgotten")
	case "new-password":
		record.Shown("asked for a new password")
	default:
		record.Shown("asked for email address and password%s", s.whyNoSignUp(t.app.ID))
	}
}

// whyNoSignUp returns why customers cannot create an account at an app, or nothing.
func (s *STS) whyNoSignUp(appID string) string {
	if s.allowsSignUp(appID) {
		return ""
	}
	return "; new customers cannot sign up, because no user flow that allows it includes the app"
}

// codePurpose returns what the one-time code of a transaction is for.
func (s *STS) codePurpose(t *transaction) string {
	switch {
	case t.reset != "":
		return "the user forgot the password"
	case t.signUp != nil:
		return "the user creates an account"
	}
	return s.cause(t.grant.api.ID, s.unmet(t.grant.api.ID, t.claims, t.auth))
}

// recordIssuance records the tokens of a response, and how the user signed in.
func (s *STS) recordIssuance(r *http.Request, i issuance, response tokenResponse) {
	record := audit.From(r.Context())
	record.Scopes(i.grant.echo...)
	what := []string{"an access token for " + s.apiName(i.grant.api.ID)}
	if len(i.grant.scopes) > 0 {
		what[0] += " with " + strings.Join(i.grant.scopes, ", ")
	}
	if response.IDToken != "" {
		what = append(what, "an ID token")
	}
	if response.RefreshToken != "" {
		what = append(what, "a refresh token")
	}
	record.Issued("issued to %s %s; %s", i.app.Name, inWords(what), howSignedIn(i.auth))
}

// howSignedIn returns how a user authenticated.
func howSignedIn(a authentication) string {
	if a.MFA {
		return "the user completed a second factor"
	}
	return "the user signed in without a second factor"
}

// inWords returns "a", "a and b", or "a, b and c".
func inWords(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// apiName returns the name of an API.
func (s *STS) apiName(id string) string {
	if id == GraphID {
		return "Microsoft Graph"
	}
	if api, ok := s.findApp(id); ok {
		return api.Name
	}
	return id
}
