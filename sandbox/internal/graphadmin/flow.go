package graphadmin

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const (
	flowSet  = "identity/authenticationEventsFlows"
	flowType = "#microsoft.graph.externalUsersSelfServiceSignUpEventsFlow"
)

// flowObject returns a user flow as Graph shows it (learn.microsoft.com,
// "externalUsersSelfServiceSignUpEventsFlow resource type"). The apps and the identity
// providers have requests of their own.
func flowObject(f directory.UserFlow) odata.Object {
	o := odata.Object{
		"@odata.type": flowType,
		"id":          f.ID,
		"displayName": f.Name,
		"description": orNull(f.Description),
		"priority":    f.Priority,
		"conditions":  odata.Object{"applications": odata.Object{"includeAllApplications": false}},
		"onInteractiveAuthFlowStart": odata.Object{
			"@odata.type":     "#microsoft.graph.onInteractiveAuthFlowStartExternalUsersSelfServiceSignUp",
			"isSignUpAllowed": !f.SignUpDisabled,
		},
		"onAuthenticationMethodLoadStart": odata.Object{
			"@odata.type": "#microsoft.graph.onAuthenticationMethodLoadStartExternalUsersSelfServiceSignUp",
		},
		"onAttributeCollection":       nil,
		"onAttributeCollectionStart":  nil,
		"onAttributeCollectionSubmit": nil,
		"onUserCreateStart":           nil,
	}
	if len(f.AttributeCollection) > 0 {
		o["onAttributeCollection"] = json.RawMessage(f.AttributeCollection)
	}
	return o
}

// flowBody is the body of a request that creates or changes a user flow.
type flowBody struct {
	Name        *string `json:"displayName"`
	Description *string `json:"description"`
	Priority    *int    `json:"priority"`
	Conditions  *struct {
		Applications struct {
			Include []struct {
				AppID string `json:"appId"`
			} `json:"includeApplications"`
		} `json:"applications"`
	} `json:"conditions"`
	Start *struct {
		SignUp *bool `json:"isSignUpAllowed"`
	} `json:"onInteractiveAuthFlowStart"`
	Methods *struct {
		Providers []struct {
			ID string `json:"id"`
		} `json:"identityProviders"`
	} `json:"onAuthenticationMethodLoadStart"`
	Attributes   json.RawMessage `json:"onAttributeCollection"`
	OnCollection json.RawMessage `json:"onAttributeCollectionStart"`
	OnSubmit     json.RawMessage `json:"onAttributeCollectionSubmit"`
	OnCreate     json.RawMessage `json:"onUserCreateStart"`
}

func (a *Admin) parseFlow(raw []byte) (b flowBody, e *odata.Error) {
	var kind struct {
		Type string `json:"@odata.type"`
	}
	_, e = read(raw, &b, "displayName", "description", "priority", "conditions", "onInteractiveAuthFlowStart",
		"onAuthenticationMethodLoadStart", "onAttributeCollection", "onAttributeCollectionStart",
		"onAttributeCollectionSubmit", "onUserCreateStart")
	if e != nil {
		return b, e
	}
	if json.Unmarshal(raw, &kind) != nil || !strings.EqualFold(kind.Type, flowType) {
		return b, odata.BadRequest("The @odata.type of the user flow is missing or not supported.").
			Because("the tenant supports user flows of the type %s", flowType)
	}
	return b, nil
}

func (b flowBody) apply(d *directory.State, f *directory.UserFlow) *odata.Error {
	set(&f.Name, b.Name)
	set(&f.Description, b.Description)
	set(&f.Priority, b.Priority)
	if b.Start != nil && b.Start.SignUp != nil {
		f.SignUpDisabled = !*b.Start.SignUp
	}
	if b.Methods != nil {
		f.IdentityProviders = nil
		for _, p := range b.Methods.Providers {
			f.IdentityProviders = append(f.IdentityProviders, p.ID)
		}
	}
	if b.Attributes != nil {
		f.AttributeCollection = b.Attributes
	}
	taken := slices.ContainsFunc(d.Flows, func(other directory.UserFlow) bool {
		return other.ID != f.ID && strings.EqualFold(other.Name, f.Name)
	})
	switch {
	case f.Name == "":
		return odata.BadRequest("A value is required for the property displayName.")
	case taken:
		return odata.BadRequest("A user flow with the same display name already exists.")
	case b.Methods != nil && !slices.Contains(f.IdentityProviders, directory.EmailPassword):
		return odata.BadRequest("The identity provider is not supported.").
			Because("the tenant has the identity provider %s only", directory.EmailPassword)
	}
	if b.Conditions == nil {
		return nil
	}
	for _, app := range b.Conditions.Applications.Include {
		if e := linkApp(d, f, app.AppID); e != nil {
			return e
		}
	}
	return nil
}

// linkApp adds an app to a user flow. "An application can only be linked to one user flow";
// the message is inferred.
func linkApp(d *directory.State, f *directory.UserFlow, appID string) *odata.Error {
	app, known := d.AppByID(appID)
	if !known || app.Principal == nil {
		return odata.BadRequest("The application '" + odata.Clean(appID) + "' was not found.").
			Because("an app of a user flow must exist and have a service principal")
	}
	if other, linked := d.FlowOf(appID); linked {
		return odata.BadRequest("The application is already linked to a user flow.").
			Because("the app %s is in the user flow %s, and an app is in one only", app.Name, other.Name)
	}
	f.Apps = append(f.Apps, app.ID)
	return nil
}

func (a *Admin) listFlows(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, f := range d.Flows {
			if !a.isFresh(f.ID) {
				all = append(all, flowObject(f))
			}
		}
	})
	return a.collection(c, flowSet, all)
}

func (a *Admin) findFlow(d *directory.State, id string) (*directory.UserFlow, *odata.Error) {
	i := slices.IndexFunc(d.Flows, func(f directory.UserFlow) bool { return strings.EqualFold(f.ID, id) })
	if i < 0 || a.isFresh(d.Flows[i].ID) {
		return nil, odata.ResourceNotFound(id)
	}
	return &d.Flows[i], nil
}

func (a *Admin) getFlow(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var f *directory.UserFlow
		if f, e = a.findFlow(d, c.key("flow")); e == nil {
			res = ok(entity(c, flowSet, flowObject(*f)), "returned the user flow "+f.Name)
		}
	})
	return res, e
}

func (a *Admin) createFlow(c call) (res result, e *odata.Error) {
	body, e := a.parseFlow(c.raw)
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		f := directory.DefaultFlow(nil)
		f.Name = ""
		if e := body.apply(d, &f); e != nil {
			return e
		}
		d.Flows = append(d.Flows, f)
		a.created(f.ID)
		res = created(entity(c, flowSet, flowObject(f)), "created the user flow "+f.Name)
		return nil
	})
	return res, e
}

func (a *Admin) updateFlow(c call) (res result, e *odata.Error) {
	body, e := a.parseFlow(c.raw)
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		f, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		res = done("changed the user flow " + f.Name)
		return body.apply(d, f)
	})
	return res, e
}

func (a *Admin) deleteFlow(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		f, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		id := f.ID
		res = done("deleted the user flow " + f.Name)
		d.Flows = slices.DeleteFunc(d.Flows, func(f directory.UserFlow) bool { return f.ID == id })
		return nil
	})
	return res, e
}

func linkedSet(id string) string {
	return flowSet + "('" + id + "')/conditions/applications/includeApplications"
}

func (a *Admin) listFlowApps(c call) (res result, e *odata.Error) {
	all := []odata.Object{}
	a.Directory.View(func(d *directory.State) {
		var f *directory.UserFlow
		if f, e = a.findFlow(d, c.key("flow")); e == nil {
			for _, app := range f.Apps {
				all = append(all, odata.Object{"appId": app})
			}
		}
	})
	if e != nil {
		return res, e
	}
	return a.collection(c, linkedSet(c.key("flow")), all)
}

func (a *Admin) addFlowApp(c call) (res result, e *odata.Error) {
	var body struct {
		AppID string `json:"appId"`
	}
	if _, e := read(c.raw, &body, "appId"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		f, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		if e := linkApp(d, f, body.AppID); e != nil {
			return e
		}
		linked := entity(c, linkedSet(f.ID), odata.Object{"appId": body.AppID})
		res = created(linked, "linked an app to the user flow "+f.Name)
		return nil
	})
	return res, e
}

func (a *Admin) removeFlowApp(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		f, e := a.findFlow(d, c.key("flow"))
		if e != nil {
			return e
		}
		i := slices.IndexFunc(f.Apps, func(id string) bool { return strings.EqualFold(id, c.key("app")) })
		if i < 0 {
			return odata.ResourceNotFound(c.key("app"))
		}
		f.Apps = slices.Delete(f.Apps, i, i+1)
		res = done("unlinked an app from the user flow " + f.Name)
		return nil
	})
	return res, e
}
