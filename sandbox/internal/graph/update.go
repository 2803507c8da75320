package graph

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// update handles PATCH of a user. Users have no ETag, and the documented response is
// always 204: that the headers If-Match and Prefer are ignored is inferred.
func (g *Graph) update(w http.ResponseWriter, r *http.Request, user directory.User) *graphError {
	if e := noOptions(r.URL); e != nil {
		return e
	}
	raw, e := readBody(w, r)
	if e != nil {
		return e
	}
	changes, e := parseChanges(raw)
	if e != nil {
		return e
	}
	if err := g.change(user.ID, changes); err != nil {
		g.Log.Error("update profile", "error", err)
		return &graphError{
			status:  http.StatusServiceUnavailable,
			code:    "serviceNotAvailable",
			message: "The change could not be stored.",
		}
	}
	if g.ReadLag > 0 {
		g.mu.Lock()
		g.stale[user.ID] = staleProfile{profile: user.Profile, until: g.Now().Add(g.ReadLag)}
		g.mu.Unlock()
	}
	audit.From(r.Context()).Answered("changed %s", strings.Join(slices.Sorted(maps.Keys(changes)), ", "))
	g.writeNothing(w, r)
	return nil
}

// parseChanges returns the new values of the properties in the body of a request. It
// returns an error unless all of them exist, the user may change all of them, and every
// value is valid, checked in this order.
func parseChanges(raw []byte) (map[string]*string, *graphError) {
	all, e := members(raw)
	if e != nil {
		return nil, e
	}
	properties, e := entityProperties(all)
	if e != nil {
		return nil, e
	}
	if len(properties) == 0 {
		return nil, badRequest(unreadable) // inferred
	}
	for _, p := range properties {
		if maxLength(p.name) == 0 {
			return nil, accessDenied().because("users may not change their property %q", p.name)
		}
	}
	changes := map[string]*string{}
	for _, p := range properties {
		text, ok := parseValue(p.name, p.value)
		if !ok {
			return nil, rejected("Invalid value specified for property '" + p.name + "' of resource 'User'.")
		}
		changes[p.name] = text
	}
	return changes, nil
}

// entityProperties returns the members that are properties of a user, spelled as Graph
// does. It leaves annotations out (OData JSON Format 4.0, 4.5), but checks the type,
// which every SDK of Graph sends.
func entityProperties(all []member) ([]member, *graphError) {
	var properties []member
	for _, m := range all {
		switch name, known := propertyName(m.name); {
		case strings.EqualFold(m.name, "@odata.type"):
			if e := checkType(m.value); e != nil {
				return nil, e
			}
		case strings.Contains(m.name, "@"):
		case known:
			properties = append(properties, member{name, m.value})
		case isExtension(m.name), containsFold(navigationProperties(), m.name):
			properties = append(properties, m)
		default:
			return nil, badRequest("The property '" + clean(m.name) + "' does not exist on type " +
				"'microsoft.graph.user'. Make sure to only use property names that are defined by the type.")
		}
	}
	return properties, nil
}

// checkType returns an error unless the value of @odata.type is the type of users.
func checkType(value any) *graphError {
	name, _ := value.(string)
	if strings.EqualFold(strings.TrimPrefix(name, "#"), "microsoft.graph.user") {
		return nil
	}
	return badRequest("A type named '" + clean(name) + "' could not be resolved by the model or is not compatible " +
		"with 'microsoft.graph.user'.")
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
