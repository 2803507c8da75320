package setup

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/fault"
)

// Namesake is an object that has the name of a wanted one, but not the tag. It is never
// changed.
type Namesake struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Tenant is what was found in a tenant.
type Tenant struct {
	graph     servicePrincipal // of Microsoft Graph
	midTier   application      // zero if there is none; the same for the others
	client    application
	midTierSP servicePrincipal
	clientSP  servicePrincipal
	grants    []grant

	attributes          application
	attributesSP        servicePrincipal
	attributesFederated []federatedCredential
	roles               []roleAssignment // of attributesSP

	federated  []federatedCredential
	email      emailMethod
	policies   []policy
	context    authContext
	flows      []userFlow
	linkedTo   string // ID of the user flow that the client is linked to
	unreadable map[string]*refusal
	Namesakes  []Namesake
}

// The parts of a tenant that need a permission of their own. If one cannot be read, the
// objects that need it are left to the administrator.
const (
	readEmail    = "email"
	readPolicies = "policies"
	readContext  = "context"
	readFlows    = "flows"
)

// Find reads everything that the setup consists of. It fails if the applications cannot
// be read. Two applications with the same tag are a Conflict.
func Find(ctx context.Context, a *API, w Wanted) (*Tenant, error) {
	w = w.withDefaults()
	if err := w.check(); err != nil {
		return nil, err
	}
	t := &Tenant{unreadable: map[string]*refusal{}}
	for _, read := range []func(context.Context, *API, Wanted) error{
		t.findApplications, t.findPrincipals, t.findGrants, t.findFederated, t.findRoles,
	} {
		if err := read(ctx, a, w); err != nil {
			return nil, faultOf(err, "cannot read the tenant")
		}
	}
	for _, part := range []struct {
		name string
		read func(context.Context, *API, Wanted) error
	}{
		{readEmail, t.findEmail},
		{readPolicies, t.findPolicies},
		{readContext, t.findContext},
		{readFlows, t.findFlows},
	} {
		err := part.read(ctx, a, w)
		if r, ok := errors.AsType[*refusal](err); ok && isFinal(r.Status) {
			t.unreadable[part.name] = r
		} else if err != nil {
			return nil, faultOf(err, "cannot read the tenant")
		}
	}
	return t, nil
}

// isFinal reports whether a status is a refusal that waiting does not change.
func isFinal(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError &&
		status != http.StatusTooManyRequests && status != http.StatusUnauthorized ||
		status == http.StatusNotImplemented
}

// appFields are the properties of an application that a setup compares.
const appFields = "id,appId,displayName,tags,signInAudience,identifierUris,api,optionalClaims," +
	"isFallbackPublicClient,publicClient,requiredResourceAccess,passwordCredentials,keyCredentials"

func (t *Tenant) findApplications(ctx context.Context, a *API, w Wanted) error {
	tagged, err := list[application](ctx, a, "/applications?$select="+appFields+
		"&$filter="+url.QueryEscape("tags/any(t:t eq '"+w.tag()+"')"))
	if err != nil {
		return err
	}
	for _, role := range []struct {
		tag  string
		into *application
	}{{w.midTierTag(), &t.midTier}, {w.clientTag(), &t.client}, {w.attributesTag(), &t.attributes}} {
		var found []application
		for _, app := range tagged {
			if slices.Contains(app.Tags, role.tag) {
				found = append(found, app)
			}
		}
		if len(found) > 1 {
			return twice(role.tag, found)
		}
		if len(found) == 1 {
			*role.into = found[0]
		}
	}
	if err := t.findKeys(ctx, a); err != nil {
		return err
	}
	return t.findNamesakes(ctx, a, w)
}

// findKeys reads the certificates of the mid-tier with their content, which a change of
// one must repeat. A list does not contain it.
func (t *Tenant) findKeys(ctx context.Context, a *API) error {
	for _, found := range []*application{&t.midTier, &t.attributes} {
		if len(found.KeyCredentials) == 0 {
			continue
		}
		var app application
		if err := a.get(ctx, "/applications/"+found.ID+"?$select=keyCredentials", &app); err != nil {
			return err
		}
		found.KeyCredentials = app.KeyCredentials
	}
	return nil
}

func (t *Tenant) findNamesakes(ctx context.Context, a *API, w Wanted) error {
	names := []string{w.MidTierName, w.ClientName}
	if w.Attributes {
		names = append(names, w.AttributesName)
	}
	for _, name := range names {
		same, err := list[application](ctx, a, "/applications?$select=id,appId,displayName,tags&$filter="+
			url.QueryEscape("displayName eq '"+strings.ReplaceAll(name, "'", "''")+"'"))
		if err != nil {
			return err
		}
		for _, app := range same {
			if !slices.Contains(app.Tags, w.tag()) {
				t.Namesakes = append(t.Namesakes, Namesake{Kind: "application", ID: app.AppID, Name: app.DisplayName})
			}
		}
	}
	return nil
}

// twice returns the fault of a tag that several applications have, for instance because
// someone copied one.
func twice(tag string, found []application) error {
	var ids []string
	for _, app := range found {
		ids = append(ids, app.AppID)
	}
	return &fault.Error{
		Kind: fault.Conflict,
		What: "several applications have the tag " + tag + ": " + strings.Join(ids, ", "),
		Fix:  "delete the one that is not in use, or remove the tag from its manifest",
	}
}

func (t *Tenant) findPrincipals(ctx context.Context, a *API, _ Wanted) error {
	for _, principal := range []struct {
		appID string
		into  *servicePrincipal
	}{
		{GraphID, &t.graph},
		{t.midTier.AppID, &t.midTierSP},
		{t.client.AppID, &t.clientSP},
		{t.attributes.AppID, &t.attributesSP},
	} {
		if principal.appID == "" {
			continue
		}
		err := a.get(ctx, "/servicePrincipals(appId='"+principal.appID+"')"+
			"?$select=id,appId,tags,accountEnabled,oauth2PermissionScopes", principal.into)
		if err != nil && statusOf(err) != http.StatusNotFound {
			return err
		}
	}
	if t.graph.ID == "" {
		return &fault.Error{
			Kind: fault.Denied,
			What: "the tenant has no service principal of Microsoft Graph",
			Fix:  "check that this is the external tenant, and that its trial has not ended",
		}
	}
	return nil
}

func (t *Tenant) findGrants(ctx context.Context, a *API, _ Wanted) error {
	for _, principal := range []string{t.clientSP.ID, t.midTierSP.ID} {
		if principal == "" {
			continue
		}
		found, err := list[grant](ctx, a, "/oauth2PermissionGrants?$filter="+
			url.QueryEscape("clientId eq '"+principal+"'"))
		if err != nil {
			return err
		}
		t.grants = append(t.grants, found...)
	}
	return nil
}

func (t *Tenant) findFederated(ctx context.Context, a *API, _ Wanted) (err error) {
	for _, holder := range []struct {
		id   string
		into *[]federatedCredential
	}{{t.midTier.ID, &t.federated}, {t.attributes.ID, &t.attributesFederated}} {
		if holder.id == "" {
			continue
		}
		*holder.into, err = list[federatedCredential](ctx, a, appsPath+"/"+holder.id+"/federatedIdentityCredentials")
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tenant) findRoles(ctx context.Context, a *API, _ Wanted) (err error) {
	if t.attributesSP.ID != "" {
		t.roles, err = list[roleAssignment](ctx, a, rolesPath(t.attributesSP.ID))
	}
	return err
}

const emailPath = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email"

func (t *Tenant) findEmail(ctx context.Context, a *API, _ Wanted) error {
	return a.get(ctx, emailPath, &t.email)
}

const policiesPath = "/identity/conditionalAccess/policies"

func (t *Tenant) findPolicies(ctx context.Context, a *API, w Wanted) error {
	all, err := list[policy](ctx, a, policiesPath)
	if err != nil {
		return err
	}
	for _, p := range all {
		switch {
		case w.isMarked(p.DisplayName), hasMarker(p.DisplayName, "["+w.contextMarker()+"]"):
			t.policies = append(t.policies, p)
		case p.DisplayName == w.policyName():
			t.Namesakes = append(t.Namesakes, Namesake{Kind: "policy", ID: p.ID, Name: p.DisplayName})
		}
	}
	return nil
}

const contextsPath = "/identity/conditionalAccess/authenticationContextClassReferences"

func (t *Tenant) findContext(ctx context.Context, a *API, w Wanted) error {
	if w.AuthContext != "" {
		err := a.get(ctx, contextsPath+"/"+w.AuthContext, &t.context)
		if statusOf(err) == http.StatusNotFound {
			return nil
		}
		return err
	}
	all, err := list[authContext](ctx, a, contextsPath)
	if i := slices.IndexFunc(all, func(c authContext) bool { return w.isMarked(c.Description) }); i >= 0 {
		t.context = all[i]
	}
	return err
}

const flowsPath = "/identity/authenticationEventsFlows"

func (t *Tenant) findFlows(ctx context.Context, a *API, w Wanted) (err error) {
	if t.flows, err = list[userFlow](ctx, a, flowsPath); err != nil {
		return err
	}
	for _, f := range t.flows {
		if f.DisplayName == w.flowName() && !w.isMarked(f.Description) {
			t.Namesakes = append(t.Namesakes, Namesake{Kind: "user flow", ID: f.ID, Name: f.DisplayName})
		}
		if t.client.AppID == "" {
			continue
		}
		linked, err := list[linkedApp](ctx, a, linksPath(f.ID))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(linked, func(l linkedApp) bool { return l.AppID == t.client.AppID }) {
			t.linkedTo = f.ID
		}
	}
	return nil
}

// linksPath returns the path of the applications that are linked to a user flow.
func linksPath(flow string) string {
	return flowsPath + "/" + flow + "/conditions/applications/includeApplications"
}
