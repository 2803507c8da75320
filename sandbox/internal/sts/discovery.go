package sts

import (
	"net/http"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// discovery serves the OpenID configuration of an external tenant. The endpoints contain
// the tenant's GUID, whatever host and tenant name the client used. As in Entra,
// code_challenge_methods_supported is missing.
func (s *STS) discovery(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.writeError(w, r, e)
		return
	}
	audit.From(r.Context()).Answered("returned the OpenID configuration")
	o, id := s.origins(r), s.tenant().id
	api, pages := o.api+"/"+id, o.pages+"/"+id
	authMethods := []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        api + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": authMethods,
		"userinfo_endpoint":                     o.userinfo,
		"jwks_uri":                              api + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                o.issuer,
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                pages + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         api + "/oauth2/v2.0/devicecode",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         false,
		"end_session_endpoint":                  pages + "/oauth2/v2.0/logout",
		"claims_supported": []string{
			"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username",
			"name", "tid", "ver", "at_hash", "c_hash", "email",
		},
		"tenant_region_scope": "EU",
		"cloud_instance_name": "microsoftonline.com",
		"msgraph_host":        "graph.microsoft.com",
	})
}

// keys publishes the current signing key and the next one.
func (s *STS) keys(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.writeError(w, r, e)
		return
	}
	published, err := token.Publish(s.tenant().keys, s.origins(r).issuer)
	if err != nil {
		s.Log.Error("publish keys", "error", err)
		http.Error(w, "cannot read the signing keys", http.StatusInternalServerError)
		return
	}
	audit.From(r.Context()).Answered("returned the signing keys")
	writeJSON(w, http.StatusOK, map[string]any{"keys": published})
}
