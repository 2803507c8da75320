package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// maxUpdate limits the bytes of a request to change a profile.
const maxUpdate = 64 << 10

// update handles PATCH /me.
func (g *Graph) update(w http.ResponseWriter, r *http.Request) {
	user, e := g.caller(r, "User.ReadWrite")
	if e != nil {
		g.writeError(w, r, e)
		return
	}
	changes, e := readChanges(w, r)
	if e != nil {
		g.writeError(w, r, e)
		return
	}
	if err := g.change(user.ID, changes); err != nil {
		g.Log.Error("update profile", "error", err)
		g.writeError(w, r, &graphError{
			status:  http.StatusServiceUnavailable,
			code:    "ServiceNotAvailable",
			message: "The change could not be stored.",
		})
		return
	}
	if g.ReadLag > 0 {
		g.mu.Lock()
		g.stale[user.ID] = staleProfile{profile: user.Profile, until: g.Now().Add(g.ReadLag)}
		g.mu.Unlock()
	}
	audit.From(r.Context()).Answered("changed %s", strings.Join(slices.Sorted(maps.Keys(changes)), ", "))
	g.write(w, r, http.StatusNoContent, nil)
}

// readChanges returns the new values of the properties that a request changes.
// It returns an error unless the user may change all of them and every value is
// valid.
func readChanges(w http.ResponseWriter, r *http.Request) (map[string]*string, *graphError) {
	var body map[string]any
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxUpdate)).Decode(&body)
	if err != nil || len(body) == 0 {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header " +
			"is set and payload is of valid JSON format.")
	}
	for name := range body {
		if maxLength(name) == 0 {
			return nil, accessDenied().because("users may not change their property %q", name)
		}
	}
	changes := map[string]*string{}
	for name, value := range body {
		text, ok := parseValue(name, value)
		if !ok {
			return nil, badRequest("Invalid value specified for property '" + name + "' of resource 'User'.")
		}
		changes[name] = text
	}
	return changes, nil
}

// maxLength returns the longest value, in UTF-16 code units, of each of the ten
// properties that users may change about themselves, and 0 for any other
// property (learn.microsoft.com: "Reference: user permissions" of external
// tenants, and the Graph user resource).
func maxLength(property string) int {
	switch property {
	case "postalCode":
		return 40
	case "givenName", "surname":
		return 64
	case "preferredLanguage":
		return 100
	case "city", "country", "jobTitle", "state":
		return 128
	case "displayName":
		return 256
	case "streetAddress":
		return 1024
	}
	return 0
}

// parseValue returns the new value of a property, and whether it is valid. Null
// clears any property but the display name. An empty string is invalid.
func parseValue(property string, value any) (*string, bool) {
	if value == nil {
		return nil, property != "displayName"
	}
	text, ok := value.(string)
	if !ok || text == "" || len(utf16.Encode([]rune(text))) > maxLength(property) {
		return nil, false
	}
	return &text, true
}

// CheckProperty returns an error if value is not valid for a property of a profile. Nil
// removes the property.
func CheckProperty(property string, value *string) error {
	var anyValue any
	if value != nil {
		anyValue = *value
	}
	_, valid := parseValue(property, anyValue)
	switch {
	case maxLength(property) == 0:
		return fmt.Errorf("%q is not a property that a profile has in the sandbox", property)
	case !valid && value == nil:
		return fmt.Errorf("the property %s cannot be removed", property)
	case !valid:
		return fmt.Errorf("the value of %s must have 1 to %d characters", property, maxLength(property))
	}
	return nil
}

// change stores new values in the profile of a user.
func (g *Graph) change(id string, changes map[string]*string) error {
	return g.Directory.Update(func(d *directory.State) error {
		u, ok := d.UserByID(id)
		if !ok {
			return nil
		}
		if u.Profile == nil {
			u.Profile = map[string]*string{}
		}
		maps.Copy(u.Profile, changes)
		return nil
	})
}
