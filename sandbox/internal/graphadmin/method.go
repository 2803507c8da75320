package graphadmin

import (
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const emailType = "#microsoft.graph.emailAuthenticationMethodConfiguration"

// getEmail returns the configuration of one-time codes by email (learn.microsoft.com,
// "emailAuthenticationMethodConfiguration resource type").
func (a *Admin) getEmail(c call) (res result, _ *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		state := "enabled"
		if d.NoEmailOTP {
			state = "disabled"
		}
		o := odata.Object{
			"@odata.type":                  emailType,
			"id":                           "Email",
			"state":                        state,
			"allowExternalIdToUseEmailOtp": "default",
			"excludeTargets":               []any{},
			"includeTargets": []odata.Object{{
				"targetType":             "group",
				"id":                     "all_users",
				"isRegistrationRequired": false,
			}},
		}
		const set = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
		res = ok(entity(c, set, o), "returned the authentication method email, which is "+state)
	})
	return res, nil
}

// updateEmail switches one-time codes by email on or off. The tenant implements only the
// group of all users as their target.
func (a *Admin) updateEmail(c call) (res result, e *odata.Error) {
	var body struct {
		ID      string `json:"id"`
		State   string `json:"state"`
		Allow   string `json:"allowExternalIdToUseEmailOtp"`
		Include []struct {
			ID string `json:"id"`
		} `json:"includeTargets"`
		Exclude []struct{} `json:"excludeTargets"`
	}
	known := []string{"id", "state", "allowExternalIdToUseEmailOtp", "includeTargets", "excludeTargets"}
	if _, e := read(c.raw, &body, known...); e != nil {
		return res, e
	}
	for _, target := range body.Include {
		if target.ID != "all_users" {
			return res, unimplemented("includeTargets")
		}
	}
	switch {
	case len(body.Exclude) > 0:
		return res, unimplemented("excludeTargets")
	case body.State != "" && body.State != "enabled" && body.State != "disabled":
		return res, odata.BadRequest("Invalid value specified for property 'state'.")
	case body.State == "":
		return done("left the authentication method email unchanged"), nil
	}
	e = a.update(func(d *directory.State) *odata.Error {
		d.NoEmailOTP = body.State == "disabled"
		return nil
	})
	return done("the authentication method email is " + body.State), e
}
