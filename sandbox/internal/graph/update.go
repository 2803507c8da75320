package graph

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// update handles PATCH of a user. Users have no ETag, and the documented response is
// always 204: that the headers If-Match and Prefer are ignored is inferred.
func (g *Graph) update(w http.ResponseWriter, r *http.Request, c caller, user directory.User) *odata.Error {
	if e := noOptions(r.URL); e != nil {
		return e
	}
	raw, e := odata.ReadBody(w, r)
	if e != nil {
		return e
	}
	changes, e := g.parseChanges(raw, c.isApp())
	if e != nil {
		return e
	}
	if err := g.change(user.ID, changes); err != nil {
		g.Log.Error("update profile", "error", err)
		return &odata.Error{
			Status:  http.StatusServiceUnavailable,
			Code:    "serviceNotAvailable",
			Message: "The change could not be stored.",
		}
	}
	if g.ReadLag > 0 {
		g.mu.Lock()
		g.stale[user.ID] = staleProfile{profile: user.Profile, until: g.Now().Add(g.ReadLag)}
		g.mu.Unlock()
	}
	audit.From(r.Context()).Answered("changed %s", strings.Join(slices.Sorted(maps.Keys(changes)), ", "))
	g.out.Nothing(w, r)
	return nil
}

// parseChanges returns the new values of the properties in the body of a request. It
// returns an error unless all of them exist, the caller may change all of them, and every
// value is valid, checked in this order. No delegated permission allows to change custom
// attributes (learn.microsoft.com, "User default permissions in external tenants"). An app may
// change them and what users may change; that it may change nothing else, such as accountEnabled,
// differs from Graph (learn.microsoft.com/graph/api/user-update).
func (g *Graph) parseChanges(raw []byte, byApp bool) (map[string]*string, *odata.Error) {
	all, e := odata.Members(raw)
	if e != nil {
		return nil, e
	}
	properties, e := entityProperties(all)
	if e != nil {
		return nil, e
	}
	if len(properties) == 0 {
		return nil, odata.BadRequest(odata.Unreadable) // inferred
	}
	for _, p := range properties {
		if maxLength(p.Name) == 0 && (!byApp || !isExtension(p.Name)) {
			return nil, odata.AccessDenied().Because("the caller may not change the property %q", p.Name)
		}
	}
	attributes, e := g.attributes(properties)
	if e != nil {
		return nil, e
	}
	changes := map[string]*string{}
	for _, p := range properties {
		text, ok := parseValue(p.Name, p.Value)
		name := p.Name
		if a, custom := attributes[p.Name]; custom {
			text, ok = a.Parse(p.Value)
			name = a.Property()
		}
		if !ok {
			return nil, odata.Rejected("Invalid value specified for property '" + name + "' of resource 'User'.")
		}
		changes[name] = text
	}
	return changes, nil
}

// attributes returns the custom attributes among properties, by their names in the request.
// The message about unknown ones was published (microsoftgraph/msgraph-sdk-dotnet#2680).
func (g *Graph) attributes(properties []odata.Member) (map[string]directory.Attribute, *odata.Error) {
	found := map[string]directory.Attribute{}
	var unknown []string
	g.Directory.View(func(d *directory.State) {
		for _, p := range properties {
			a, ok := d.AttributeOf(p.Name)
			switch {
			case ok && d.IsUsable(a):
				found[p.Name] = *a
			case isExtension(p.Name):
				unknown = append(unknown, odata.CleanName(p.Name))
			}
		}
	})
	if unknown != nil {
		return nil, odata.Rejected("The following extension properties are not available: " +
			strings.Join(unknown, ",") + ".")
	}
	return found, nil
}

// entityProperties returns the members that are properties of a user, spelled as Graph
// does. It leaves annotations out (OData JSON Format 4.0, 4.5), but checks the type,
// which every SDK of Graph sends.
func entityProperties(all []odata.Member) ([]odata.Member, *odata.Error) {
	var properties []odata.Member
	for _, m := range all {
		switch name, known := propertyName(m.Name); {
		case strings.EqualFold(m.Name, "@odata.type"):
			if e := checkType(m.Value); e != nil {
				return nil, e
			}
		case strings.Contains(m.Name, "@"):
		case known:
			properties = append(properties, odata.Member{Name: name, Value: m.Value})
		case isExtension(m.Name), containsFold(navigationProperties(), m.Name):
			properties = append(properties, m)
		default:
			return nil, odata.BadRequest("The property '" + odata.Clean(m.Name) + "' does not exist on type " +
				"'microsoft.graph.user'. Make sure to only use property names that are defined by the type.")
		}
	}
	return properties, nil
}

// checkType returns an error unless the value of @odata.type is the type of users.
func checkType(value any) *odata.Error {
	name, _ := value.(string)
	if strings.EqualFold(strings.TrimPrefix(name, "#"), "microsoft.graph.user") {
		return nil
	}
	return odata.BadRequest("A type named '" + odata.Clean(name) + "' could not be resolved by the model or is not " +
		"compatible with 'microsoft.graph.user'.")
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
	if !ok || text == "" || directory.Length(text) > maxLength(property) {
		return nil, false
	}
	return &text, true
}

// CheckProperty returns an error if value is not valid for a property of a profile, which may
// be one of the custom attributes. Nil removes the property.
func CheckProperty(attributes []directory.Attribute, property string, value *string) error {
	for _, a := range attributes {
		if a.Property() != property || value == nil {
			continue
		}
		if _, ok := a.ParseText(*value); !ok {
			return fmt.Errorf("the value of %s is not valid for the type %s", property, a.Type)
		}
		return nil
	}
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
