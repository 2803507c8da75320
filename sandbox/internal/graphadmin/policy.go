package graphadmin

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

const policySet = "identity/conditionalAccess/policies"

// policyObject returns a Conditional Access policy as Graph shows it (learn.microsoft.com,
// "conditionalAccessPolicy resource type").
func policyObject(p directory.Policy) odata.Object {
	return odata.Object{
		"id":               p.ID,
		"displayName":      p.Name,
		"state":            p.State,
		"templateId":       nil,
		"createdDateTime":  timestamp(p.Created),
		"modifiedDateTime": timestamp(p.Modified),
		"sessionControls":  nil,
		"conditions": odata.Object{
			"userRiskLevels":             []any{},
			"signInRiskLevels":           []any{},
			"servicePrincipalRiskLevels": []any{},
			"clientAppTypes":             orEmpty(p.ClientTypes),
			"platforms":                  nil,
			"locations":                  nil,
			"devices":                    nil,
			"clientApplications":         nil,
			"applications": odata.Object{
				"includeApplications":                         orEmpty(p.APIs),
				"excludeApplications":                         orEmpty(p.ExcludedAPIs),
				"includeUserActions":                          []any{},
				"includeAuthenticationContextClassReferences": orEmpty(p.Contexts),
				"applicationFilter":                           nil,
			},
			"users": odata.Object{
				"includeUsers":                 orEmpty(p.Users),
				"excludeUsers":                 orEmpty(p.ExcludedUsers),
				"includeGroups":                []any{},
				"excludeGroups":                []any{},
				"includeRoles":                 []any{},
				"excludeRoles":                 []any{},
				"includeGuestsOrExternalUsers": nil,
				"excludeGuestsOrExternalUsers": nil,
			},
		},
		"grantControls": odata.Object{
			"operator":                    p.Operator,
			"builtInControls":             orEmpty(p.Controls),
			"customAuthenticationFactors": []any{},
			"termsOfUse":                  []any{},
			"authenticationStrength":      nil,
		},
	}
}

// policyBody is the body of a request that creates or changes a policy. Complex properties
// are replaced as a whole. What the tenant does not implement must be empty.
type policyBody struct {
	Name       *string                    `json:"displayName"`
	State      *string                    `json:"state"`
	Conditions map[string]json.RawMessage `json:"conditions"`
	Grant      map[string]json.RawMessage `json:"grantControls"`
	Session    map[string]json.RawMessage `json:"sessionControls"`
}

func parsePolicy(raw []byte) (b policyBody, e *odata.Error) {
	_, e = read(raw, &b, "displayName", "state", "conditions", "grantControls", "sessionControls")
	return b, e
}

// fields decodes members of an object into targets. Other members must be empty.
func fields(of string, members map[string]json.RawMessage, targets map[string]any) *odata.Error {
	for name, value := range members {
		target, known := targets[name]
		switch {
		case known:
			if json.Unmarshal(value, target) != nil {
				return odata.BadRequest("Cannot convert a value of the request to the type of its property.")
			}
		case !isEmpty(value) && !strings.Contains(name, "@"):
			return odata.BadRequest("The condition or control '"+odata.Clean(name)+"' is not supported.").
				Because("the tenant does not implement %s/%s", of, name)
		}
	}
	return nil
}

func isEmpty(value json.RawMessage) bool {
	switch strings.TrimSpace(string(value)) {
	case "null", "[]", "{}", `""`:
		return true
	}
	return false
}

func (b policyBody) apply(d *directory.State, p *directory.Policy) *odata.Error {
	set(&p.Name, b.Name)
	set(&p.State, b.State)
	if e := fields("sessionControls", b.Session, nil); e != nil {
		return e
	}
	if b.Grant != nil {
		p.Operator, p.Controls = "", nil
		e := fields("grantControls", b.Grant, map[string]any{"operator": &p.Operator, "builtInControls": &p.Controls})
		if e != nil {
			return e
		}
	}
	if b.Conditions != nil {
		if e := applyConditions(b.Conditions, p); e != nil {
			return e
		}
	}
	return checkPolicy(d, p)
}

func applyConditions(conditions map[string]json.RawMessage, p *directory.Policy) *odata.Error {
	var apps, users map[string]json.RawMessage
	p.ClientTypes = nil
	e := fields("conditions", conditions, map[string]any{
		"clientAppTypes": &p.ClientTypes,
		"applications":   &apps,
		"users":          &users,
	})
	if e != nil {
		return e
	}
	p.APIs, p.ExcludedAPIs, p.Contexts, p.Users, p.ExcludedUsers = nil, nil, nil, nil, nil
	e = fields("conditions/applications", apps, map[string]any{
		"includeApplications":                         &p.APIs,
		"excludeApplications":                         &p.ExcludedAPIs,
		"includeAuthenticationContextClassReferences": &p.Contexts,
	})
	if e != nil {
		return e
	}
	return fields("conditions/users", users, map[string]any{
		"includeUsers": &p.Users,
		"excludeUsers": &p.ExcludedUsers,
	})
}

// checkPolicy returns the error for a policy that Graph does not accept. The codes of
// invalid apps were published; those of the other errors are inferred.
func checkPolicy(d *directory.State, p *directory.Policy) *odata.Error {
	states := []string{directory.PolicyEnabled, directory.PolicyDisabled, directory.PolicyReportOnly}
	switch {
	case p.Name == "":
		return odata.BadRequest("1020: Policy name is missing.")
	case !slices.Contains(states, p.State):
		return odata.BadRequest("1021: Policy state is invalid.")
	case len(p.APIs)+len(p.Contexts) == 0:
		return odata.BadRequest("1007: Policy must contain applications, user actions or authentication contexts.")
	case len(p.APIs) > 0 && len(p.Contexts) > 0:
		return odata.BadRequest("1087: Policy cannot contain both applications and authentication contexts.")
	case len(p.Users) == 0:
		return odata.BadRequest("1011: Policy must contain users.")
	case len(p.Controls) == 0:
		return odata.BadRequest("1013: Policy must contain a grant or session control.")
	case p.Operator != "OR" && p.Operator != "AND":
		return odata.BadRequest("1014: Policy contains an invalid operator.")
	case slices.ContainsFunc(p.Controls, func(c string) bool {
		return c != directory.ControlMFA && c != directory.ControlBlock
	}):
		return odata.BadRequest("The control is not supported.").
			Because("the tenant implements the controls mfa and block")
	}
	if e := checkPolicyApps(d, slices.Concat(p.APIs, p.ExcludedAPIs)); e != nil {
		return e
	}
	for _, context := range p.Contexts {
		if _, known := d.ContextByID(context); !known {
			return odata.BadRequest("1093: Policy contains an invalid authentication context: " + odata.Clean(context))
		}
	}
	return checkPolicyUsers(d, slices.Concat(p.Users, p.ExcludedUsers))
}

// checkPolicyApps returns the error for apps that a policy cannot have as its target.
func checkPolicyApps(d *directory.State, ids []string) *odata.Error {
	for _, id := range ids {
		if id == directory.Everything || id == "None" {
			continue
		}
		app, known := d.Client(id)
		problem := ""
		switch {
		case !known || app.Principal == nil:
			problem = "ServicePrincipalNotFound"
		case app.Public():
			problem = "PublicClientsAreUnsupported"
		default:
			continue
		}
		return odata.BadRequest("1034: Policy contains invalid applications: {" + strconv.Quote(odata.Clean(id)) + ":" +
			strconv.Quote(problem) + "}")
	}
	return nil
}

func checkPolicyUsers(d *directory.State, ids []string) *odata.Error {
	for _, id := range ids {
		_, known := d.UserByID(id)
		if !known && id != directory.Everything && id != "None" && id != "GuestsOrExternalUsers" {
			return odata.BadRequest("1012: Policy contains invalid users: {" + strconv.Quote(odata.Clean(id)) +
				":\"NotFound\"}")
		}
	}
	return nil
}

func (a *Admin) listPolicies(c call) (result, *odata.Error) {
	var all []odata.Object
	a.Directory.View(func(d *directory.State) {
		for _, p := range d.Policies {
			if !a.isFresh(p.ID) {
				all = append(all, policyObject(p))
			}
		}
	})
	return a.collection(c, policySet, all)
}

func (a *Admin) findPolicy(d *directory.State, id string) (*directory.Policy, *odata.Error) {
	p, ok := d.PolicyByID(id)
	if !ok || a.isFresh(p.ID) {
		return nil, odata.ResourceNotFound(id)
	}
	return p, nil
}

func (a *Admin) getPolicy(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var p *directory.Policy
		if p, e = a.findPolicy(d, c.key("policy")); e == nil {
			res = ok(entity(c, policySet, policyObject(*p)), "returned the policy "+p.Name)
		}
	})
	return res, e
}

func (a *Admin) createPolicy(c call) (res result, e *odata.Error) {
	body, e := parsePolicy(c.raw)
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		p := directory.Policy{ID: directory.NewID(), Created: a.Now()}
		if e := body.apply(d, &p); e != nil {
			return e
		}
		const maxPolicies = 200 // service limit of an external tenant
		if len(d.Policies) >= maxPolicies {
			return odata.BadRequest("1030: The number of policies exceeds the limit.")
		}
		d.Policies = append(d.Policies, p)
		a.created(p.ID)
		res = created(entity(c, policySet, policyObject(p)), "created the policy "+p.Name+", which is "+p.State)
		return nil
	})
	return res, e
}

func (a *Admin) updatePolicy(c call) (res result, e *odata.Error) {
	body, e := parsePolicy(c.raw)
	if e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		p, e := a.findPolicy(d, c.key("policy"))
		if e != nil {
			return e
		}
		p.Modified = a.Now()
		res = done("changed the policy " + p.Name)
		return body.apply(d, p)
	})
	return res, e
}

func (a *Admin) deletePolicy(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		p, e := a.findPolicy(d, c.key("policy"))
		if e != nil {
			return e
		}
		id := p.ID
		res = done("deleted the policy " + p.Name)
		d.Policies = slices.DeleteFunc(d.Policies, func(p directory.Policy) bool { return p.ID == id })
		return nil
	})
	return res, e
}
