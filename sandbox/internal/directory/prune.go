package directory

import (
	"slices"
	"strings"
)

// RemoveApp removes the app registration with a client id for good, and its place in user
// flows.
func (s *State) RemoveApp(id string) {
	s.Apps = slices.DeleteFunc(s.Apps, func(a App) bool { return strings.EqualFold(a.ID, id) })
	for i := range s.Flows {
		f := &s.Flows[i]
		f.Apps = slices.DeleteFunc(f.Apps, func(app string) bool { return strings.EqualFold(app, id) })
	}
}

// Prune removes the consents and the targets of policies that no longer exist, and
// policies without a target.
func (s *State) Prune() {
	s.PruneConsents()
	for i := range s.Policies {
		s.Policies[i].APIs = slices.DeleteFunc(s.Policies[i].APIs, func(id string) bool {
			return id != Everything && !s.isAPI(id)
		})
	}
	s.Policies = slices.DeleteFunc(s.Policies, func(p Policy) bool { return len(p.APIs)+len(p.Contexts) == 0 })
}

func (s *State) isAPI(id string) bool {
	api, ok := s.Client(id)
	return ok && len(api.Scopes) > 0
}

func (s *State) pruneConsents(p *ServicePrincipal) {
	for i := range p.Consents {
		c := &p.Consents[i]
		api, ok := s.Client(c.API)
		c.Scopes = slices.DeleteFunc(c.Scopes, func(scope string) bool {
			return !ok || !slices.ContainsFunc(api.Scopes, func(known Scope) bool { return known.Value == scope })
		})
	}
	p.Consents = slices.DeleteFunc(p.Consents, func(c Consent) bool { return len(c.Scopes) == 0 })
}

// PruneConsents removes the consents for APIs and scopes that no longer exist.
func (s *State) PruneConsents() {
	for i := range s.Apps {
		if p := s.Apps[i].Principal; p != nil {
			s.pruneConsents(p)
		}
	}
	for i := range s.Microsoft {
		s.pruneConsents(&s.Microsoft[i].ServicePrincipal)
	}
}

// RemoveConsentsFor removes what apps were granted for an API.
func (s *State) RemoveConsentsFor(api string) {
	for _, app := range s.Principals() {
		p := app.Principal
		p.Consents = slices.DeleteFunc(p.Consents, func(c Consent) bool { return strings.EqualFold(c.API, api) })
	}
}
