package sts

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// claimsRequest holds what a claims parameter requests: the client's response to a claims
// challenge, and its capabilities.
type claimsRequest struct {
	Contexts     []string // authentication contexts (acrs) of the access token
	IDContexts   []string // those of the ID token
	Policies     []string // IDs of the policies that a challenge named (capolids, polids)
	Capabilities []string // the client's capabilities (xms_cc)
}

// readClaims parses the claims parameter (OpenID Connect Core 5.5). As the standard
// requires, it ignores unknown claims.
func readClaims(text string) (claimsRequest, *entraError) {
	if text == "" {
		return claimsRequest{}, nil
	}
	const maxBytes = 16 << 10
	type request map[string]struct {
		Value  string   `json:"value"`
		Values []string `json:"values"`
	}
	var parsed struct {
		AccessToken request `json:"access_token"`
		IDToken     request `json:"id_token"`
	}
	if len(text) > maxBytes || json.Unmarshal([]byte(text), &parsed) != nil {
		return claimsRequest{}, newError(aadstsRequestInvalid, "the claims parameter is not valid")
	}
	values := func(r request, name string) []string {
		claim := r[name]
		if claim.Value != "" {
			return append([]string{claim.Value}, claim.Values...)
		}
		return claim.Values
	}
	return claimsRequest{
		Contexts:     knownContexts(values(parsed.AccessToken, "acrs")),
		IDContexts:   knownContexts(values(parsed.IDToken, "acrs")),
		Policies:     append(values(parsed.AccessToken, "capolids"), values(parsed.AccessToken, "polids")...),
		Capabilities: knownCapabilities(values(parsed.AccessToken, "xms_cc")),
	}, nil
}

// knownContexts returns the authentication contexts that a tenant can have, c1 to c99, in
// lower case (learn.microsoft.com, authenticationContextClassReference resource type). Entra's
// response to other values is not documented; here they are ignored.
func knownContexts(values []string) (contexts []string) {
	for _, value := range values {
		context := strings.ToLower(value)
		digits, ok := strings.CutPrefix(context, "c")
		isNumber := len(digits) > 0 && len(digits) <= 2 && strings.Trim(digits, "0123456789") == "" && digits[0] != '0'
		if ok && isNumber && !slices.Contains(contexts, context) {
			contexts = append(contexts, context)
		}
	}
	return contexts
}

// knownCapabilities returns the client capabilities that Entra knows. It knows only cp1, in
// any case (learn.microsoft.com, "Claims challenges, claims requests and client capabilities").
func knownCapabilities(values []string) (capabilities []string) {
	for _, value := range values {
		if strings.EqualFold(value, "cp1") && len(capabilities) == 0 {
			capabilities = append(capabilities, value)
		}
	}
	return capabilities
}

// IsContext reports whether id is that of an authentication context: c1 to c99.
func IsContext(id string) bool { return slices.Equal(knownContexts([]string{id}), []string{id}) }

// with returns the request with what another one requests in addition.
func (c claimsRequest) with(other claimsRequest) claimsRequest {
	both := func(a, b []string) []string {
		all := slices.Concat(a, b)
		slices.Sort(all)
		return slices.Compact(all)
	}
	return claimsRequest{
		Contexts:     both(c.Contexts, other.Contexts),
		IDContexts:   both(c.IDContexts, other.IDContexts),
		Policies:     both(c.Policies, other.Policies),
		Capabilities: knownCapabilities(slices.Concat(c.Capabilities, other.Capabilities)),
	}
}

// demands holds what a user must still do before tokens may be issued.
type demands struct {
	policies []string // IDs of the policies that require a second factor for the API
	contexts []string // requested authentication contexts that a policy guards
	always   bool     // whether the user needs a second factor everywhere
	blocked  []string // IDs of the policies that deny access to the API
}

// unmet returns what the user must still do before tokens for the API may be issued. A policy
// applies to the service that a token is requested for, when it is requested
// (learn.microsoft.com, "Developer guidance for Microsoft Entra Conditional Access"). An
// authentication context that no policy guards is satisfied by any sign-in (learn.microsoft.com,
// "Developer guide to Conditional Access authentication context", "Expected behavior when an
// auth context isn't protected").
func (s *STS) unmet(resource string, c claimsRequest, a authentication) (unmet demands) {
	user, known := s.findUser(a.UserID)
	s.Directory.View(func(d *directory.State) {
		for _, p := range d.Policies {
			named := slices.ContainsFunc(c.Policies, func(id string) bool { return strings.EqualFold(id, p.ID) })
			switch {
			case !p.AppliesTo(a.UserID) || !named && !p.Guards(resource):
			case p.Blocks():
				unmet.blocked = append(unmet.blocked, p.ID)
			case !a.MFA:
				unmet.policies = append(unmet.policies, p.ID)
			}
		}
		if a.MFA {
			return
		}
		unmet.always = known && user.MFA
		for _, context := range slices.Concat(c.Contexts, c.IDContexts) {
			if _, guarded := d.PolicyForContext(context, a.UserID); guarded {
				unmet.contexts = append(unmet.contexts, context)
			}
		}
		if unmet.always && len(unmet.policies) == 0 && len(d.Policies) > 0 {
			unmet.policies = []string{d.Policies[0].ID} // so that the challenge has claims
		}
	})
	return unmet
}

// secondFactor reports whether the user must complete a second factor.
func (d demands) secondFactor() bool { return d.always || len(d.policies) > 0 || len(d.contexts) > 0 }

// checkPolicies returns the error for a request without a user interface if the user must
// complete a second factor: AADSTS50076 with the claims that an interactive request must
// carry. The format was captured from workforce tenants. That external tenants use the same
// one is inferred.
func (s *STS) checkPolicies(resource string, c claimsRequest, a authentication) *entraError {
	d := s.unmet(resource, c, a)
	if len(d.blocked) > 0 {
		return s.blocked(resource, d)
	}
	if !d.secondFactor() {
		return nil
	}
	e := newError(aadstsMFARequired, resource).because("the user signed in without a second factor, and %s",
		s.cause(resource, d))
	if s.InvalidGrant {
		e.oauth = "invalid_grant"
	}
	challenge := map[string]any{}
	if len(d.policies) > 0 {
		challenge["capolids"] = map[string]any{"essential": true, "values": d.policies}
	}
	if len(c.Contexts) > 0 { // the client replaces its claims with these
		challenge["acrs"] = map[string]any{"essential": true, "value": c.Contexts[0]}
	}
	if len(challenge) == 0 {
		return e
	}
	if claims, err := json.Marshal(map[string]any{"access_token": challenge}); err == nil {
		e.claims = string(claims)
	}
	return e
}

// cause returns why a second factor is required, in words for the audit.
func (s *STS) cause(resource string, d demands) string {
	switch {
	case d.always:
		return "the account requires a second factor at every sign-in"
	case len(d.contexts) > 0:
		return "a policy guards the authentication context " + d.contexts[0]
	}
	return "the policy " + s.policyNames(d.policies) + " applies to " + s.apiName(resource)
}

func (s *STS) policyNames(ids []string) string {
	var names []string
	s.Directory.View(func(state *directory.State) {
		for _, id := range ids {
			if p, ok := state.PolicyByID(id); ok {
				names = append(names, "\""+p.Name+"\"")
			}
		}
	})
	return inWords(names)
}

// blocked returns the error for a user whom a policy denies access, which no second factor
// changes.
func (s *STS) blocked(resource string, d demands) *entraError {
	return newError(aadstsBlockedByPolicy).because("the policy %s denies access to %s", s.policyNames(d.blocked),
		s.apiName(resource))
}
