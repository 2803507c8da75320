package sts

import (
	"encoding/json"
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// claimsRequest holds what a claims parameter requires of the sign-in. It is the client's
// response to a claims challenge.
type claimsRequest struct {
	Contexts []string // authentication contexts (acrs)
	Policy   bool     // whether it names a policy (capolids, polids)
}

// readClaims parses the claims parameter (OpenID Connect Core 5.5). As the standard
// requires, it ignores unknown claims.
func readClaims(text string) (claimsRequest, *entraError) {
	if text == "" {
		return claimsRequest{}, nil
	}
	const maxBytes = 16 << 10
	var parsed struct {
		AccessToken map[string]struct {
			Value  string   `json:"value"`
			Values []string `json:"values"`
		} `json:"access_token"`
	}
	if len(text) > maxBytes || json.Unmarshal([]byte(text), &parsed) != nil {
		return claimsRequest{}, newError(aadstsRequestInvalid, "the claims parameter is not valid")
	}
	var c claimsRequest
	acrs := parsed.AccessToken["acrs"]
	c.Contexts = acrs.Values
	if acrs.Value != "" {
		c.Contexts = append(c.Contexts, acrs.Value)
	}
	_, capolids := parsed.AccessToken["capolids"]
	_, polids := parsed.AccessToken["polids"]
	c.Policy = capolids || polids
	return c, nil
}

// needsMFA reports whether the user must complete a second factor before tokens for the API
// may be issued, because of the claims request, the policy, or the user's own setting.
func (s *STS) needsMFA(resource string, c claimsRequest, a authentication) bool {
	missing := func(context string) bool { return !slices.Contains(a.Contexts, context) }
	if slices.ContainsFunc(c.Contexts, missing) {
		return true
	}
	return (c.Policy || s.policyProtects(resource) || s.alwaysNeedsMFA(a.UserID)) && !a.MFA
}

// alwaysNeedsMFA reports whether the user needs a second factor for every app.
func (s *STS) alwaysNeedsMFA(userID string) bool {
	user, ok := s.findUser(userID)
	return ok && user.MFA
}

// policyProtects reports whether a Conditional Access policy requires MFA for an API.
func (s *STS) policyProtects(resource string) (protects bool) {
	s.Directory.View(func(d *directory.State) { _, protects = d.PolicyForAPI(resource) })
	return protects
}

// mfaError returns the error for a request without a user interface: AADSTS50076 with the
// claims that an interactive request must carry. The format was captured from workforce
// tenants. That external tenants use the same one is inferred.
func (s *STS) mfaError(resource string, c claimsRequest) *entraError {
	e := newError(aadstsMFARequired, resource)
	if s.InvalidGrant {
		e.oauth = "invalid_grant"
	}
	var challenge any
	if len(c.Contexts) > 0 {
		challenge = map[string]any{"acrs": map[string]any{"essential": true, "value": c.Contexts[0]}}
	} else {
		ids := s.policyIDs(resource)
		challenge = map[string]any{"capolids": map[string]any{"essential": true, "values": ids}}
	}
	claims, err := json.Marshal(map[string]any{"access_token": challenge})
	if err == nil {
		e.claims = string(claims)
	}
	return e
}

// policyIDs returns the ids of the policy that requires MFA for an API. If no policy does, as
// for a user who needs a second factor everywhere, it returns the id of the first policy.
func (s *STS) policyIDs(resource string) (ids []string) {
	s.Directory.View(func(d *directory.State) {
		if p, ok := d.PolicyForAPI(resource); ok {
			ids = []string{p.ID}
		} else if len(d.Policies) > 0 {
			ids = []string{d.Policies[0].ID}
		}
	})
	return ids
}
