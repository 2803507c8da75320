package graphadmin

import (
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// The types of consent.
const (
	forAll = "AllPrincipals"
	forOne = "Principal"
)

// grantObject returns an oauth2PermissionGrant. It reports false if the API has no service
// principal any more.
func grantObject(d *directory.State, client directory.App, c directory.Consent) (odata.Object, bool) {
	api, ok := d.Client(c.API)
	if !ok || api.Principal == nil {
		return nil, false
	}
	o := odata.Object{
		"id":          c.ID,
		"clientId":    client.Principal.ID,
		"consentType": forAll,
		"principalId": nil,
		"resourceId":  api.Principal.ID,
		"scope":       strings.Join(c.Scopes, " "),
	}
	if c.User != "" {
		o["consentType"], o["principalId"] = forOne, c.User
	}
	return o, true
}

func (a *Admin) listGrants(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, client := range d.Principals() {
			for _, consent := range client.Principal.Consents {
				if o, ok := grantObject(d, client, consent); ok && !a.isFresh(consent.ID) {
					all = append(all, o)
				}
			}
		}
	})
	return a.collection(c, "oauth2PermissionGrants", all)
}

type grantBody struct {
	Client   string `json:"clientId"`
	Type     string `json:"consentType"`
	User     string `json:"principalId"`
	Resource string `json:"resourceId"`
	Scope    string `json:"scope"`
	// Of the beta version; ignored.
	StartTime  *string `json:"startTime"`
	ExpiryTime *string `json:"expiryTime"`
}

// createGrant grants delegated permissions. Both service principals and the scopes must
// exist; that a missing scope results in 400 was published, its message is inferred.
func (a *Admin) createGrant(c call) (res result, e *odata.Error) {
	var body grantBody
	known := []string{"clientId", "consentType", "principalId", "resourceId", "scope", "startTime", "expiryTime"}
	if _, e := read(c.raw, &body, known...); e != nil {
		return res, e
	}
	switch {
	case body.Type != forAll && body.Type != forOne:
		return res, odata.Rejected("Invalid value specified for property 'consentType' of resource " +
			"'OAuth2PermissionGrant'.")
	case (body.Type == forOne) != (body.User != ""):
		return res, odata.Rejected("Invalid value specified for property 'principalId' of resource " +
			"'OAuth2PermissionGrant'.")
	}
	e = a.update(func(d *directory.State) *odata.Error {
		client, e := a.findPrincipal(d, body.Client)
		if e != nil {
			return e
		}
		api, e := a.findPrincipal(d, body.Resource)
		if e != nil {
			return e
		}
		consent := directory.Consent{ID: directory.NewConsentID(), API: api.ID, User: body.User}
		if consent.Scopes, e = grantedScopes(api, body.Scope); e != nil {
			return e
		}
		if slices.ContainsFunc(client.Principal.Consents, func(o directory.Consent) bool {
			return strings.EqualFold(o.API, consent.API) && o.User == consent.User
		}) {
			return odata.Conflict("Permission entry already exists.")
		}
		client.Principal.Consents = append(client.Principal.Consents, consent)
		a.created(consent.ID)
		o, _ := grantObject(d, client, consent)
		res = created(entity(c, "oauth2PermissionGrants", o), "granted "+body.Scope+" of "+api.Name+" to "+client.Name)
		return nil
	})
	return res, e
}

// grantedScopes returns the scopes of an API that a text names.
func grantedScopes(api directory.App, text string) ([]string, *odata.Error) {
	scopes := []string{}
	for name := range strings.FieldsSeq(text) {
		scope, ok := api.FindScope(name)
		if !ok {
			return nil, odata.Rejected("Invalid value specified for property 'scope' of resource "+
				"'OAuth2PermissionGrant'.").Because("the API %s has no scope %q", api.Name, name)
		}
		scopes = append(scopes, scope.Value)
	}
	return scopes, nil
}

// findGrant returns the grant with the id of a path, and the client.
func (a *Admin) findGrant(d *directory.State, id string) (directory.App, int, *odata.Error) {
	for _, client := range d.Principals() {
		for i, consent := range client.Principal.Consents {
			if consent.ID == id && !a.isFresh(id) {
				return client, i, nil
			}
		}
	}
	return directory.App{}, 0, odata.NoObject(id)
}

func (a *Admin) getGrant(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		client, i, missing := a.findGrant(d, c.key("grant"))
		if e = missing; e != nil {
			return
		}
		if o, ok := grantObject(d, client, client.Principal.Consents[i]); ok {
			res = result{200, entity(c, "oauth2PermissionGrants", o), "returned what " + client.Name + " was granted"}
		}
	})
	return res, e
}

func (a *Admin) updateGrant(c call) (res result, e *odata.Error) {
	var body grantBody
	if _, e := read(c.raw, &body, "scope"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		client, i, e := a.findGrant(d, c.key("grant"))
		if e != nil {
			return e
		}
		consent := &client.Principal.Consents[i]
		api, _ := d.Client(consent.API)
		if consent.Scopes, e = grantedScopes(api, body.Scope); e != nil {
			return e
		}
		res = done("granted " + body.Scope + " of " + api.Name + " to " + client.Name)
		return nil
	})
	return res, e
}

func (a *Admin) deleteGrant(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		client, i, e := a.findGrant(d, c.key("grant"))
		if e != nil {
			return e
		}
		client.Principal.Consents = slices.Delete(client.Principal.Consents, i, i+1)
		res = done("removed what " + client.Name + " was granted")
		return nil
	})
	return res, e
}
