package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/profilectl/profilectl/sandbox/control"
)

// Control returns the handler of the control API, with which another process
// does what the methods of Tenant do. The routes are under /control/ and carry
// JSON; package control has their types and a client, and docs/reference/sandbox.md lists
// them. Every request must carry key as its bearer token. If key is empty, the
// handler rejects every request.
func (t *Tenant) Control(key string) http.Handler {
	routes := t.controlRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if key == "" || !t.knownHost(r.Host) || subtle.ConstantTimeCompare([]byte(given), []byte(key)) != 1 {
			http.Error(w, "the control key is missing or wrong", http.StatusForbidden)
			return
		}
		routes.ServeHTTP(w, r)
	})
}

func (t *Tenant) controlRoutes() *http.ServeMux {
	m := http.NewServeMux()
	route := func(pattern string, handle controlHandler) { m.Handle(pattern, handle) }
	route("GET /control/facts", func(*http.Request) (any, error) { return t.Facts(), nil })
	route("GET /control/users", func(*http.Request) (any, error) { return t.users(), nil })
	route("POST /control/users", t.controlAddUser)
	route("GET /control/users/{email}", func(r *http.Request) (any, error) { return t.user(r.PathValue("email")) })
	route("PATCH /control/users/{email}", t.controlChangeUser)
	route("DELETE /control/users/{email}", t.controlRemoveUser)
	route("POST /control/users/{email}/password", t.controlResetPassword)
	route("POST /control/revoke", t.controlRevoke)
	route("GET /control/apps", func(*http.Request) (any, error) { return t.apps(), nil })
	route("POST /control/apps", t.controlAddApp)
	route("PATCH /control/apps/{id}", t.controlChangeApp)
	route("DELETE /control/apps/{id}", t.controlRemoveApp)
	route("POST /control/apps/{id}/credentials", t.controlAddCredential)
	route("POST /control/apps/{id}/secret", t.controlReplaceSecret)
	route("PUT /control/apps/{id}/permissions", t.controlSetPermissions)
	route("PUT /control/apps/{id}/optional-claims", t.controlSetOptionalClaims)
	route("PUT /control/apps/{id}/id-token-claims", t.controlSetIDTokenClaims)
	route("GET /control/attributes", func(*http.Request) (any, error) { return t.Attributes(), nil })
	route("POST /control/attributes", t.controlAddAttribute)
	route("DELETE /control/attributes/{property}", func(r *http.Request) (any, error) {
		return nil, t.RemoveAttribute(r.PathValue("property"))
	})
	route("GET /control/policies", func(*http.Request) (any, error) { return t.Policies(), nil })
	route("POST /control/policies", t.controlAddPolicy)
	route("PATCH /control/policies/{id}", t.controlSwitchPolicy)
	route("DELETE /control/policies/{id}", t.controlRemovePolicy)
	route("GET /control/policy", func(*http.Request) (any, error) { return t.seededPolicy(), nil })
	route("PUT /control/policy", t.controlSetPolicy)
	route("GET /control/faults", func(*http.Request) (any, error) { return t.Faults(), nil })
	route("POST /control/faults", t.controlFailNext)
	route("DELETE /control/faults", func(*http.Request) (any, error) { t.Recover(); return nil, nil })
	route("GET /control/clock", func(*http.Request) (any, error) { return t.Clock(), nil })
	route("POST /control/clock", t.controlChangeClock)
	route("POST /control/keys", func(*http.Request) (any, error) { return nil, t.RotateKeys() })
	route("POST /control/tokens", t.controlSignToken)
	route("GET /control/mail", t.controlMail)
	route("GET /control/tenant", t.controlExport)
	route("PUT /control/tenant", controlFile(t.Import))
	route("POST /control/tenant", controlFile(t.Seed))
	route("GET /control/audit", t.controlAudit)
	route("POST /control/page", func(*http.Request) (any, error) { return control.Page{URL: t.NewPageLink()}, nil })
	route("GET /control/requests", func(*http.Request) (any, error) { return t.Requests(), nil })
	return m
}

// controlHandler handles one route of the control API. It returns the response
// body, or nil for a response without one.
type controlHandler func(*http.Request) (any, error)

const (
	// maxControlBody limits the bytes of a request to the control API.
	maxControlBody = 1 << 20
	// maxTenantFile limits the bytes of a seed and of an exported tenant.
	maxTenantFile = 64 << 20
)

// yamlText is a response body that is not JSON.
type yamlText []byte

// ServeHTTP sends what the handler returns: a body as JSON, an error as plain
// text with status 404, 500 or 400.
func (handle controlHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit := int64(maxControlBody)
	if r.URL.Path == "/control/tenant" {
		limit = maxTenantFile
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	result, err := handle(r)
	w.Header().Set("Cache-Control", "no-store")
	_, missing := errors.AsType[missingError](err)
	_, notStored := errors.AsType[*control.StorageError](err)
	text, isYAML := result.(yamlText)
	switch {
	case missing:
		http.Error(w, err.Error(), http.StatusNotFound)
	case notStored:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case result == nil:
		w.WriteHeader(http.StatusNoContent)
	case isYAML:
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(text) // fails only if the client is gone
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // fails only if the client is gone
	}
}

// missingError names something that the tenant does not have.
type missingError string

// Error returns a sentence for the user of the control API.
func (what missingError) Error() string { return "the sandbox has no " + string(what) }

// decode returns the JSON body of a request to the control API.
func decode[T any](r *http.Request) (T, error) {
	var body T
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return body, fmt.Errorf("invalid request: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return body, errors.New("invalid request: more than one JSON value")
	}
	return body, nil
}
