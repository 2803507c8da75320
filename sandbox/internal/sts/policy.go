package sts

import (
	"encoding/json"
	"slices"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// demands are what a claims request asks of the sign-in.
type demands struct {
	Contexts []string // authentication contexts (acrs)
	Policy   bool     // a policy's id was quoted (capolids, polids)
	Capable  bool     // the client understands claims challenges (xms_cc: cp1)
}

// readClaims reads the claims parameter (OpenID Connect Core 5.5). Hostile JSON
// is refused, unknown claims are ignored, as the standard asks.
func readClaims(text string) (demands, *refusal) {
	if text == "" {
		return demands{}, nil
	}
	const most = 16 << 10
	var request struct {
		AccessToken map[string]struct {
			Value  string   `json:"value"`
			Values []string `json:"values"`
		} `json:"access_token"`
	}
	if len(text) > most || json.Unmarshal([]byte(text), &request) != nil {
		return demands{}, no(90023, "the claims parameter is not a claims request")
	}
	var d demands
	if acrs, ok := request.AccessToken["acrs"]; ok {
		d.Contexts = acrs.Values
		if acrs.Value != "" {
			d.Contexts = append(d.Contexts, acrs.Value)
		}
	}
	_, capolids := request.AccessToken["capolids"]
	_, polids := request.AccessToken["polids"]
	d.Policy = capolids || polids
	d.Capable = slices.Contains(request.AccessToken["xms_cc"].Values, "cp1") || slices.Contains(request.AccessToken["xms_cc"].Values, "CP1")
	return d, nil
}

// needsMFA tells whether a second factor is missing for the API: its policy
// wants one, or the claims do.
func (s *STS) needsMFA(resource string, d demands, f Facts) bool {
	if slices.ContainsFunc(d.Contexts, func(c string) bool { return !slices.Contains(f.Contexts, c) }) {
		return true
	}
	return (d.Policy || s.guarded(resource) || s.always(f.User)) && !f.MFA
}

// always tells whether a user needs a second factor for everything.
func (s *STS) always(user string) bool {
	u, _, ok := s.find(user, "")
	return ok && u.MFA
}

func (s *STS) guarded(resource string) (guarded bool) {
	s.Directory.View(func(d *directory.State) { guarded = d.Policy.On && d.Policy.Resource == resource })
	return guarded
}

// mfaRefusal is what a request without a person gets: AADSTS50076 with the
// claims that an interactive request must carry. The shape was captured from
// workforce tenants; that external tenants use the same one is inferred.
func (s *STS) mfaRefusal(resource string, d demands) *refusal {
	f := no(50076, resource)
	if s.InvalidGrant {
		f.oauth = "invalid_grant"
	}
	var request any
	if len(d.Contexts) > 0 {
		request = map[string]any{"acrs": map[string]any{"essential": true, "value": d.Contexts[0]}}
	} else {
		var id string
		s.Directory.View(func(d *directory.State) { id = d.Policy.ID })
		request = map[string]any{"capolids": map[string]any{"essential": true, "values": []string{id}}}
	}
	claims, err := json.Marshal(map[string]any{"access_token": request})
	if err == nil {
		f.claims = string(claims)
	}
	return f
}
