package setup

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	stateEnabled  = "enabled"
	stateDisabled = "disabled"
	reportOnly    = "enabledForReportingButNotEnforced"
	emailType     = "#microsoft.graph.emailAuthenticationMethodConfiguration"
)

// emailMethod switches the one-time passcode by email on, the second factor of customers.
func (w Wanted) emailMethod() object {
	return object{
		id:    "method.email",
		title: "authentication method email one-time passcode",
		needs: []string{"midtier.app"},
		ready: func(t *Tenant) bool { // the application has recorded that the method was off
			return t.email.State != stateDisabled || slices.Contains(t.midTier.Tags, w.emailWasOff())
		},
		reads: readEmail,
		hand:  "Entra admin center > Authentication methods > Policies > Email OTP > Enable",
		next: func(t *Tenant) *write {
			if t.email.State == stateEnabled {
				return nil
			}
			return setEmail(t.email.State, stateEnabled, Change)
		},
	}
}

func setEmail(from, to string, action Action) *write {
	return &write{
		action: action,
		method: http.MethodPatch,
		path:   emailPath,
		body:   emailMethod{Type: emailType, State: to},
		shows:  []Difference{{Property: "state", From: from, To: to}},
		done: func(t *Tenant, _ []byte) error {
			t.email.State = to
			return nil
		},
	}
}

// authContext publishes the authentication context that the mid-tier can require.
func (w Wanted) authContext() object {
	return object{
		id:    "context",
		title: "authentication context " + w.AuthContext,
		reads: readContext,
		hand: "Entra admin center > Conditional Access > Authentication contexts > New; id " + w.AuthContext +
			", publish to apps",
		next: func(t *Tenant) *write {
			if t.context.IsAvailable {
				return nil
			}
			wanted := authContext{
				DisplayName: "Edit profile",
				Description: "Second factor for edits of the own profile [" + w.tag() + "]",
				IsAvailable: true,
			}
			action, shows := Create, []Difference{{Property: "displayName", To: wanted.DisplayName}}
			if t.context.ID != "" {
				action = Change
				wanted = authContext{Description: t.context.Description, IsAvailable: true}
				shows = nil
			}
			return &write{
				action: action,
				method: http.MethodPatch,
				path:   contextsPath + "/" + w.AuthContext,
				body:   wanted,
				shows:  append(shows, Difference{Property: "isAvailable", From: action == Create, To: true}),
				done: func(t *Tenant, _ []byte) error {
					t.context = wanted
					t.context.ID = w.AuthContext
					return nil
				},
			}
		},
	}
}

// policyName returns the display name of the policy without its marker.
func (w Wanted) policyName() string { return "MFA for " + w.MidTierName }

// contextMarker marks the policy for the authentication context.
func (w Wanted) contextMarker() string { return w.tag() + ":context" }

const policyHand = "Entra admin center > Conditional Access > New policy; name %, all users, target %, " +
	"grant: require multifactor authentication"

// policy requires a second factor for the mid-tier.
func (w Wanted) policy() object {
	return object{
		id:    "policy",
		title: "Conditional Access policy " + w.policyName(),
		needs: []string{"midtier.principal"},
		reads: readPolicies,
		lag:   replicating(),
		hand:  fill(policyHand, w.marked(w.policyName()), "resource "+w.MidTierName),
		next: func(t *Tenant) *write {
			to := target{apps: []string{orLater(t.midTier.AppID)}}
			return w.nextPolicy(t, w.marked(w.policyName()), w.marked(""), to)
		},
	}
}

// contextPolicy guards the authentication context: Entra issues a context that no policy
// guards without a second factor.
func (w Wanted) contextPolicy() object {
	marker := " [" + w.contextMarker() + "]"
	name := "MFA for context " + w.AuthContext + marker
	return object{
		id:    "context.policy",
		title: "Conditional Access policy MFA for context " + w.AuthContext,
		needs: []string{"context"},
		reads: readPolicies,
		lag:   replicating(),
		hand:  fill(policyHand, name, "authentication context "+w.AuthContext),
		next: func(t *Tenant) *write {
			return w.nextPolicy(t, name, marker, target{contexts: []string{w.AuthContext}})
		},
	}
}

// fill replaces each percent sign of a pattern.
func fill(pattern string, values ...string) string {
	for _, v := range values {
		pattern = strings.Replace(pattern, "%", v, 1)
	}
	return pattern
}

// target is what a policy applies to.
type target struct{ apps, contexts []string }

// add returns the conditions of a policy that apply to the target and to all users, and
// what was missing. Conditions that an administrator has added stay.
func (to target) add(found map[string]any) (map[string]any, []Difference) {
	all := maps.Clone(found)
	if all == nil {
		all = map[string]any{"clientAppTypes": []string{"all"}}
	}
	var lacks []Difference
	add := func(group, member string, wanted []string, alone bool) {
		members, _ := all[group].(map[string]any)
		old := texts(members[member])
		if contains(old, wanted) {
			return
		}
		members = maps.Clone(members)
		if members == nil {
			members = map[string]any{}
		}
		lacks = append(lacks, added("conditions."+group+"."+member, old, wanted)...)
		if alone {
			old = nil
		}
		members[member] = union(old, wanted)
		all[group] = members
	}
	lacks = append(lacks, to.include(all)...)
	add("applications", "includeApplications", to.apps, false)
	add("applications", "includeAuthenticationContextClassReferences", to.contexts, false)
	add("users", "includeUsers", []string{"All"}, true) // All stands alone
	return all, lacks
}

// include removes the applications of the target from the excluded ones.
func (to target) include(all map[string]any) []Difference {
	members, _ := all["applications"].(map[string]any)
	excluded := texts(members["excludeApplications"])
	kept := slices.DeleteFunc(slices.Clone(excluded), func(id string) bool { return slices.Contains(to.apps, id) })
	if len(kept) == len(excluded) {
		return nil
	}
	members = maps.Clone(members)
	members["excludeApplications"] = kept
	all["applications"] = members
	return []Difference{{
		Property: "conditions.applications.excludeApplications",
		From:     strings.Join(excluded, " "),
		To:       strings.Join(kept, " "),
	}}
}

// texts returns the strings of a JSON list.
func texts(list any) []string {
	var all []string
	switch l := list.(type) {
	case []string:
		all = l
	case []any:
		for _, v := range l {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

func (w Wanted) nextPolicy(t *Tenant, name, marker string, to target) *write {
	state := reportOnly
	if w.Enforce {
		state = stateEnabled
	}
	i := slices.IndexFunc(t.policies, func(p policy) bool { return hasMarker(p.DisplayName, marker) })
	if i < 0 {
		conditions, lacks := to.add(nil)
		wanted := policy{
			DisplayName:   name,
			State:         state,
			Conditions:    conditions,
			GrantControls: &grantControls{Operator: "OR", BuiltIn: []string{"mfa"}},
		}
		shows := []Difference{{Property: "state", To: state}, {Property: "grantControls", To: "mfa"}}
		for _, d := range lacks {
			shows = append(shows, Difference{Property: d.Property, To: d.To})
		}
		return creates(policiesPath, wanted, shows, func(t *Tenant, created policy) {
			t.policies = append(t.policies, created)
		})
	}
	return changePolicy(t, i, state, to)
}

// changePolicy repairs what makes the policy ineffective. Exclusions stay: they may be
// emergency accounts. A policy that an administrator has switched on stays on.
func changePolicy(t *Tenant, i int, state string, to target) *write {
	found := t.policies[i]
	var patch policy
	var shows []Difference
	if found.State != state && found.State != stateEnabled {
		patch.State = state
		shows = append(shows, Difference{Property: "state", From: found.State, To: state})
	}
	if conditions, lacks := to.add(found.Conditions); len(lacks) > 0 {
		patch.Conditions = conditions
		shows = append(shows, lacks...)
	}
	if g := found.GrantControls; g == nil || !slices.Contains(g.BuiltIn, "mfa") {
		patch.GrantControls = &grantControls{Operator: "OR", BuiltIn: []string{"mfa"}}
		shows = append(shows, Difference{Property: "grantControls", To: "mfa"})
	}
	if len(shows) == 0 {
		return nil
	}
	return &write{
		action: Change,
		method: http.MethodPatch,
		path:   policiesPath + "/" + found.ID,
		body:   patch,
		shows:  shows,
		done: func(t *Tenant, _ []byte) error {
			t.policies[i] = found.with(patch)
			return nil
		},
	}
}

// with returns the policy after a PATCH.
func (p policy) with(patch policy) policy {
	if patch.State != "" {
		p.State = patch.State
	}
	if patch.Conditions != nil {
		p.Conditions = patch.Conditions
	}
	if patch.GrantControls != nil {
		p.GrantControls = patch.GrantControls
	}
	return p
}

// hasMarker reports whether a display name ends in a marker.
func hasMarker(name, marker string) bool { return strings.HasSuffix(name, marker) }
