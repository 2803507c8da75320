package graph

import (
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// isChangePassword reports whether a segment names the action changePassword, which the SDKs of
// Graph write with its namespace.
func isChangePassword(segment string) bool {
	return strings.EqualFold(segment, "changePassword") ||
		strings.EqualFold(segment, "microsoft.graph.changePassword")
}

// changePassword handles POST /me/changePassword (learn.microsoft.com, "user: changePassword").
// Graph reports a password that it does not accept as Request_BadRequest; only the name of the
// parameter at the end of the message says which one it is. The form of this end was published,
// and so was the message about complexity. The other messages are inferred.
func (g *Graph) changePassword(w http.ResponseWriter, r *http.Request, c caller) *odata.Error {
	if len(c.scopes) == 0 {
		return odata.BadRequest("/me request is only valid with delegated authentication flow.")
	}
	if e := c.need("Directory.AccessAsUser.All"); e != nil {
		return e
	}
	user, e := g.user(c)
	if e != nil {
		return e
	}
	raw, e := odata.ReadBody(w, r)
	if e != nil {
		return e
	}
	current, next, e := parsePasswords(raw)
	if e != nil {
		return e
	}
	if e := g.checkPasswords(user, current, next); e != nil {
		return e
	}
	if _, err := g.SetPassword(user.Email, next); err != nil {
		g.Log.Error("change password", "error", err)
		return odata.StatusError(http.StatusServiceUnavailable)
	}
	audit.From(r.Context()).Answered("changed the password")
	g.out.Nothing(w, r)
	return nil
}

// parsePasswords returns the parameters of changePassword. The messages are inferred.
func parsePasswords(raw []byte) (current, next string, e *odata.Error) {
	all, e := odata.Members(raw)
	if e != nil {
		return "", "", e
	}
	parameters := map[string]*string{"currentPassword": &current, "newPassword": &next}
	for _, m := range all {
		target := parameters[m.Name]
		if strings.Contains(m.Name, "@") {
			continue
		}
		if target == nil {
			return "", "", odata.BadRequest("The parameter '" + odata.Clean(m.Name) + "' in the request payload is " +
				"not a valid parameter for the operation 'changePassword'.")
		}
		text, ok := m.Value.(string)
		if !ok {
			return "", "", odata.BadRequest("Cannot convert a value of the request to the type of its property.").
				Because("%s is not a text", m.Name)
		}
		*target = text
	}
	return current, next, nil
}

// checkPasswords returns an error unless the user has the current password and may have the next
// one. "The last password can't be used again when the user changes a password"
// (learn.microsoft.com, "Self-service password reset policies").
func (g *Graph) checkPasswords(user directory.User, current, next string) *odata.Error {
	if !directory.Matches(current, user.Password, g.Iterations) {
		return badPassword("Incorrect current password.", "oldPassword").Because("the current password is wrong")
	}
	name := ""
	g.Directory.View(func(d *directory.State) { name = d.Subdomain })
	const weak = "The specified password does not comply with password complexity requirements. " +
		"Please provide a different password."
	if err := directory.CheckNewPassword(next, name); err != nil {
		return badPassword(weak, "newPassword").Because("%v", err)
	}
	if next == current {
		return badPassword("The specified password has been used before.", "newPassword").
			Because("the new password is the current one")
	}
	return nil
}

func badPassword(message, parameter string) *odata.Error {
	return odata.Rejected(message + " paramName: " + parameter + ", paramValue: , objectType: System.String")
}
