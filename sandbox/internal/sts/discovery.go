package sts

import (
	"net/http"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// cloudInstance is the name of Microsoft's global cloud.
const cloudInstance = "microsoftonline.com"

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
		"response_modes_supported":              []string{modeQuery, modeFragment, modeFormPost},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                o.issuer,
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                pages + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         api + "/oauth2/v2.0/devicecode",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"end_session_endpoint":                  pages + "/oauth2/v2.0/logout",
		"claims_supported": []string{
			"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name",
			"msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username",
			"name", "tid", "ver", "at_hash", "c_hash", "email",
		},
		"kerberos_endpoint":     api + "/kerberos",
		"tenant_region_scope":   "EU",
		"cloud_instance_name":   cloudInstance,
		"cloud_graph_host_name": "graph.windows.net",
		"msgraph_host":          "graph.microsoft.com",
		"rbac_url":              "https://pas.windows.net",
	})
}

// keys publishes the current signing key and the next one.
func (s *STS) keys(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.writeError(w, r, e)
		return
	}
	published, err := token.Publish(s.tenant().keys, s.origins(r).issuer, cloudInstance)
	if err != nil {
		s.Log.Error("publish keys", "error", err)
		http.Error(w, "cannot read the signing keys", http.StatusInternalServerError)
		return
	}
	audit.From(r.Context()).Answered("returned the signing keys")
	writeJSON(w, http.StatusOK, map[string]any{"keys": published})
}

// discoveryV1 serves the OpenID configuration of v1.0 tokens, with which an API validates
// them. The v1.0 endpoints for clients do not exist: an external tenant supports only those of
// version 2.
func (s *STS) discoveryV1(w http.ResponseWriter, r *http.Request) {
	if e := s.checkTenant(r); e != nil {
		s.writeError(w, r, e)
		return
	}
	audit.From(r.Context()).Answered("returned the OpenID configuration of v1.0 tokens")
	o, id := s.origins(r), s.tenant().id
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuerV1(id),
		"jwks_uri":                              o.api + "/" + id + "/discovery/keys",
		"token_endpoint":                        o.api + "/" + id + "/oauth2/v2.0/token",
		"authorization_endpoint":                o.pages + "/" + id + "/oauth2/v2.0/authorize",
		"end_session_endpoint":                  o.pages + "/" + id + "/oauth2/v2.0/logout",
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{modeQuery, modeFragment, modeFormPost},
		"scopes_supported":                      []string{"openid"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   cloudInstance,
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          "graph.microsoft.com",
		"rbac_url":                              "https://pas.windows.net",
	})
}
