package sts

import (
	"net/http"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// discovery answers as an external tenant does: whatever host and tenant name
// were asked, the endpoints carry the GUID; and code_challenge_methods_supported
// is missing, as it is there.
func (s *STS) discovery(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.fail(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	o, tenantID := s.origins(r), s.tenantID()
	api, pages := o.api+"/"+tenantID, o.pages+"/"+tenantID
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        api + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
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
		"claims_supported": []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce",
			"preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"},
		"tenant_region_scope": "EU",
		"cloud_instance_name": "microsoftonline.com",
		"msgraph_host":        "graph.microsoft.com",
	})
}

// keys publishes the signing key and the one that will follow it.
func (s *STS) keys(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		s.fail(w, r, no(90002, r.PathValue("tenant")))
		return
	}
	var keys []directory.Key
	s.Directory.View(func(d *directory.State) { keys = d.Keys })
	published, err := token.Publish(keys, s.origins(r).issuer)
	if err != nil {
		s.Log.Error("publish keys", "error", err)
		http.Error(w, "the keys cannot be read", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": published})
}
