// Package graph is the tenant's Microsoft Graph: GET and PATCH of /v1.0/me,
// with the properties, rules and errors of the real one as documented for
// users who act on themselves.
package graph

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/sts"
	"github.com/profilectl/profilectl/sandbox/internal/token"
)

// Config is what the service needs. All fields must be set; ReadLag may be 0.
type Config struct {
	Directory *directory.Directory
	Signer    *token.Signer
	Now       func() time.Time
	Log       *slog.Logger
	// ReadLag is how long a read shows the profile as it was before a change:
	// Graph is eventually consistent.
	ReadLag time.Duration
}

// Graph is the service. It is safe for concurrent use.
type Graph struct {
	Config
	mu  sync.Mutex
	old map[string]stale // by user
}

// stale is what readers still see.
type stale struct {
	profile map[string]*string
	until   time.Time
}

// New returns a service.
func New(c Config) *Graph { return &Graph{Config: c, old: map[string]stale{}} }

// Routes returns the handler.
func (g *Graph) Routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /v1.0/me", g.read)
	m.HandleFunc("PATCH /v1.0/me", g.update)
	m.HandleFunc("/v1.0/", func(w http.ResponseWriter, r *http.Request) {
		g.fail(w, r, http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment.")
	})
	return m
}

// writable are the ten properties that a user may change about themselves, with
// their longest values (learn.microsoft.com: "Reference: user permissions" of
// external tenants, and the Graph user resource).
var writable = map[string]int{
	"city": 128, "country": 128, "displayName": 256, "givenName": 64, "jobTitle": 128, "postalCode": 40,
	"state": 128, "streetAddress": 1024, "surname": 64, "preferredLanguage": 100,
}

// byDefault are the properties that GET returns without $select.
var byDefault = []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
	"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id"}

// selectable are those that $select knows beyond the default.
var selectable = []string{"city", "country", "postalCode", "state", "streetAddress", "identities", "createdDateTime", "accountEnabled", "userType"}

// caller returns the user behind the request's token, or answers.
func (g *Graph) caller(w http.ResponseWriter, r *http.Request, scopes ...string) (directory.User, bool) {
	const invalid = "InvalidAuthenticationToken"
	scheme, raw, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		g.fail(w, r, http.StatusUnauthorized, invalid, "Access token is empty.")
		return directory.User{}, false
	}
	var keys []directory.Key
	g.Directory.View(func(d *directory.State) { keys = d.Keys })
	claims, err := g.Signer.Verify(keys, raw, g.Now())
	if err != nil {
		g.fail(w, r, http.StatusUnauthorized, invalid, "Access token validation failure.")
		return directory.User{}, false
	}
	if audience, _ := claims["aud"].(string); audience != sts.GraphID {
		g.fail(w, r, http.StatusUnauthorized, invalid, "Access token validation failure. Invalid audience.")
		return directory.User{}, false
	}
	if claims["idtyp"] == "app" {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
		return directory.User{}, false
	}
	granted, _ := claims["scp"].(string)
	if !slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(strings.Fields(granted), s) }) {
		g.fail(w, r, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		return directory.User{}, false
	}
	var user directory.User
	oid, _ := claims["oid"].(string)
	g.Directory.View(func(d *directory.State) {
		if u, known := d.UserByID(oid); known {
			user, ok = *u, true
		} else {
			ok = false
		}
	})
	if !ok {
		g.fail(w, r, http.StatusNotFound, "Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present.")
	}
	return user, ok
}

// read answers GET /me.
func (g *Graph) read(w http.ResponseWriter, r *http.Request) {
	user, ok := g.caller(w, r, "User.Read", "User.ReadWrite")
	if !ok {
		return
	}
	wanted := byDefault
	if list := r.URL.Query().Get("$select"); list != "" {
		wanted = strings.Split(list, ",")
	}
	g.mu.Lock()
	if old, lagging := g.old[user.ID]; lagging && g.Now().Before(old.until) {
		user.Profile = old.profile
	}
	g.mu.Unlock()
	var subdomain string
	g.Directory.View(func(d *directory.State) { subdomain = d.Subdomain })
	body := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity"}
	for _, name := range wanted {
		if !slices.Contains(byDefault, name) && !slices.Contains(selectable, name) {
			g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", "Could not find a property named '"+clean(name)+"' on type 'microsoft.graph.user'.")
			return
		}
		body[name] = property(user, name, subdomain)
	}
	g.answer(w, r, http.StatusOK, body)
}

// property returns one property as Graph has it. For customers mail is empty
// and the sign-in address stands in identities.
func property(u directory.User, name, subdomain string) any {
	upn := u.ID + "@" + subdomain + ".onmicrosoft.com"
	switch name {
	case "id":
		return u.ID
	case "userPrincipalName":
		return upn
	case "businessPhones":
		return []string{}
	case "createdDateTime":
		return u.Created.UTC().Format(time.RFC3339)
	case "accountEnabled":
		return true
	case "userType":
		return "Member"
	case "identities":
		issuer := subdomain + ".onmicrosoft.com"
		return []map[string]string{
			{"signInType": "emailAddress", "issuer": issuer, "issuerAssignedId": u.Email},
			{"signInType": "userPrincipalName", "issuer": issuer, "issuerAssignedId": upn},
		}
	}
	return u.Profile[name]
}

// update answers PATCH /me: 204 without a body.
func (g *Graph) update(w http.ResponseWriter, r *http.Request) {
	user, ok := g.caller(w, r, "User.ReadWrite")
	if !ok {
		return
	}
	const most = 64 << 10
	var change map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, most)).Decode(&change); err != nil || len(change) == 0 {
		g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
		return
	}
	next := map[string]*string{}
	for name, value := range change {
		if _, mayWrite := writable[name]; !mayWrite {
			g.fail(w, r, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
			return
		}
		text, valid := checked(name, value)
		if !valid {
			g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", "Invalid value specified for property '"+name+"' of resource 'User'.")
			return
		}
		next[name] = text
	}
	err := g.Directory.Update(func(d *directory.State) error {
		u, known := d.UserByID(user.ID)
		if !known {
			return nil
		}
		if u.Profile == nil {
			u.Profile = map[string]*string{}
		}
		maps.Copy(u.Profile, next)
		return nil
	})
	if err != nil {
		g.Log.Error("update profile", "error", err)
		g.fail(w, r, http.StatusServiceUnavailable, "ServiceNotAvailable", "The change could not be stored.")
		return
	}
	if g.ReadLag > 0 {
		g.mu.Lock()
		g.old[user.ID] = stale{profile: user.Profile, until: g.Now().Add(g.ReadLag)}
		g.mu.Unlock()
	}
	g.answer(w, r, http.StatusNoContent, nil)
}

// checked holds a value against its property's rules. Null clears all but the
// display name; an empty string is refused.
func checked(name string, value any) (*string, bool) {
	if value == nil {
		return nil, name != "displayName"
	}
	text, ok := value.(string)
	if !ok || text == "" || len(utf16.Encode([]rune(text))) > writable[name] {
		return nil, false
	}
	return &text, true
}
