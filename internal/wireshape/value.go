package wireshape

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// safeName returns the name of a member, a parameter or a header, without the ids that
// some names contain, such as those of custom attributes.
func safeName(name string) string {
	id := regexp.MustCompile(`(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}`)
	name = id.ReplaceAllString(name, "[id]")
	if attribute, ok := strings.CutPrefix(name, "extension_[id]_"); ok && attribute != "" {
		return "extension_[id]_[name]"
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_.@$\[\]-]{1,64}$`).MatchString(name) {
		return "[name]"
	}
	return name
}

// errorWords are the error codes that a recording shows; others are "other".
func errorWords() []string {
	return []string{
		// RFC 6749, RFC 6750, RFC 8628, OpenID Connect Core
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope", "access_denied", "unsupported_response_type",
		"server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
		"authorization_pending", "slow_down", "expired_token", "interaction_required",
		"login_required", "account_selection_required", "consent_required",
		// Entra
		"invalid_resource", "invalid_tenant", "invalid_instance", "authorization_declined",
		"bad_verification_code", "basic_action", "additional_action", "message_only",
		"user_password_expired", "bad_token", "token_expired", "protection_policy_required",
		"client_mismatch", "cancel", "insufficient_claims",
		// Microsoft Graph
		"Authorization_RequestDenied", "Request_BadRequest", "Request_ResourceNotFound",
		"InvalidAuthenticationToken", "TooManyRequests", "BadRequest", "notSupported",
		"ErrorInvalidProperty", "UnknownError", "generalException", "ImageNotFound", "ExpandNotSupported",
		"ResourceNotFound", "Request_MultipleObjectsWithSameKeyValue", "itemNotFound", "MethodNotAllowed",
	}
}

// valueShape returns the type of a text, with its code if its name is that of an error.
func valueShape(name, value string) string {
	switch name {
	case "error", "suberror", "error_subcode", "code":
		if slices.Contains(errorWords(), value) {
			return "string " + value
		}
		if name != "code" {
			return "string other"
		}
	case "error_description":
		kind := "string"
		if strings.Contains(value, "\r\n") {
			kind += " with line breaks"
		}
		if code := regexp.MustCompile(`^AADSTS([0-9]{4,8}): `).FindStringSubmatch(value); code != nil {
			kind += " " + code[1]
		}
		return kind
	case "token_type":
		if value == "Bearer" {
			return "string Bearer"
		}
	}
	return "string"
}

// nested adds the members of a JSON object, or of the payload of a JWT, in a text.
func nested(path, text string, shape map[string]string) {
	const parts = 3 // of a JWT
	raw := []byte(text)
	if split := strings.Split(text, "."); len(split) == parts {
		decoded, err := base64.RawURLEncoding.DecodeString(split[1])
		if err != nil {
			return
		}
		raw = decoded
	} else if !strings.HasPrefix(text, "{") {
		return
	}
	var members map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if decoder.Decode(&members) == nil {
		shape[path] = "string with an object"
		for member, inner := range members {
			walk(path+"{}."+safeName(member), member, inner, shape)
		}
	}
}
