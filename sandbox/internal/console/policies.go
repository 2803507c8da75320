package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
)

func (c *Console) policyRoutes(show showFunc, act actFunc) {
	policies := screen{template: "policies", section: "policies", title: "Policies", load: c.policies}
	add := screen{template: "policy-new", section: "policies", title: "Add a policy", load: c.apis}
	show("/sandbox/policies", policies)
	act("/sandbox/policies/{id}/switch", policies, c.switchPolicy)
	act("/sandbox/policies/{id}/remove", policies, c.removePolicy)
	show("/sandbox/policies/new", add)
	act("/sandbox/policies/new", add, c.addPolicy)
}

// policyView is a policy on the page.
type policyView struct {
	control.Policy
	Guards string // the names of its APIs and contexts
	Seeded bool   // it cannot be removed
}

func (c *Console) policies(r *http.Request) (any, error) {
	policies, err := c.Control.Policies(r.Context())
	if err != nil {
		return nil, err
	}
	apps, err := c.Control.Apps(r.Context())
	if err != nil {
		return nil, err
	}
	facts, err := c.Control.Facts(r.Context())
	all := []policyView{}
	for _, p := range policies {
		all = append(all, policyView{Policy: p, Guards: guards(p, apps), Seeded: p.ID == facts.PolicyID})
	}
	return all, err
}

// guards returns the names of what a policy guards.
func guards(p control.Policy, apps []control.App) string {
	var names []string
	for _, id := range p.APIs {
		name := id
		if i := slices.IndexFunc(apps, func(a control.App) bool { return a.ID == id }); i >= 0 {
			name = apps[i].Name
		}
		names = append(names, name)
	}
	for _, context := range p.Contexts {
		names = append(names, "context "+context)
	}
	return strings.Join(names, ", ")
}

// apiView is an API that a policy can guard.
type apiView struct {
	ID, Name string
	Selected bool
}

func (c *Console) apis(r *http.Request) (any, error) {
	apps, err := c.Control.Apps(r.Context())
	all := []apiView{}
	for _, a := range apps {
		if len(a.Scopes) > 0 {
			all = append(all, apiView{ID: a.ID, Name: a.Name, Selected: slices.Contains(r.PostForm["api"], a.ID)})
		}
	}
	return all, err
}

func (c *Console) addPolicy(r *http.Request) (string, notice, error) {
	_, err := c.Control.AddPolicy(r.Context(), control.Policy{
		Name:     strings.TrimSpace(r.PostForm.Get("name")),
		On:       true,
		APIs:     r.PostForm["api"],
		Contexts: fields(r, "contexts"),
	})
	return "/sandbox/policies", notice{Text: "The policy was added and is on."}, err
}

func (c *Console) switchPolicy(r *http.Request) (string, notice, error) {
	on, text := r.PostForm.Get("on") == "true", "The policy is off."
	if on {
		text = "The policy is on."
	}
	return "/sandbox/policies", notice{Text: text}, c.Control.SwitchPolicy(r.Context(), r.PathValue("id"), on)
}

func (c *Console) removePolicy(r *http.Request) (string, notice, error) {
	err := c.Control.RemovePolicy(r.Context(), r.PathValue("id"))
	return "/sandbox/policies", notice{Text: "The policy was removed."}, err
}
