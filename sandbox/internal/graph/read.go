package graph

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/audit"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// read handles GET of a user.
func (g *Graph) read(w http.ResponseWriter, r *http.Request, t target, user directory.User) *odata.Error {
	q, e := parseQuery(r.URL, t.version)
	if e != nil {
		return e
	}
	body := map[string]any{"@odata.context": contextURL(t.version, q)}
	user.Profile = g.visibleProfile(r, user)
	domain := g.domain()
	for _, name := range q.names(t.version) {
		if _, exists := propertyName(name); exists { // relationships have no value
			body[name] = value(user, name, domain)
		}
	}
	maps.Copy(body, g.attributeValues(user, q.selected))
	if q.expanded != "" && q.expanded != "manager" { // a manager that is not set is left out
		body[q.expanded] = []any{}
	}
	if strings.Contains(r.Header.Get("Accept"), "odata.metadata=none") {
		delete(body, "@odata.context")
	}
	audit.From(r.Context()).Answered("returned the profile")
	g.out.Entity(w, r, http.StatusOK, body)
	return nil
}

// attributeValues returns the selected custom attributes of a user. Those without a value are
// left out, as in Graph's published responses, and so are those that do not exist.
func (g *Graph) attributeValues(user directory.User, selected []string) map[string]any {
	values := map[string]any{}
	g.Directory.View(func(d *directory.State) {
		for _, name := range selected {
			a, known := d.AttributeOf(name)
			if !known {
				continue
			}
			if text := user.Profile[a.Property()]; text != nil {
				values[a.Property()] = a.Value(*text)
			}
		}
	})
	return values
}

// readProperty handles GET of a single property of a user: its value in an object, or with
// $value as text. The responses, 204 for null among them, are those of OData 4.0, part 1,
// 11.2.3 and 11.2.3.1. That Graph follows them is inferred.
func (g *Graph) readProperty(w http.ResponseWriter, r *http.Request, t target, user directory.User) *odata.Error {
	if e := noOptions(r.URL); e != nil {
		return e
	}
	if slices.Contains(specialProperties(), t.name) {
		return odata.AccessDenied().Because("the property %q needs a permission that the tenant does not grant", t.name)
	}
	user.Profile = g.visibleProfile(r, user)
	v := value(user, t.name, g.domain())
	if text, isText := v.(*string); isText {
		if text == nil {
			g.out.Nothing(w, r)
			return nil
		}
		v = *text
	}
	audit.From(r.Context()).Answered("returned the property %s", t.name)
	if !t.raw {
		g.out.Entity(w, r, http.StatusOK, map[string]any{
			"@odata.context": metadata(t.version) + "users('" + user.ID + "')/" + t.name,
			"value":          v,
		})
		return nil
	}
	switch v.(type) {
	case string, bool:
		g.out.SetHeaders(w, r)
		w.Header().Set("OData-Version", "4.0")
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.Copy(w, strings.NewReader(fmt.Sprint(v))) // fails only if the client has disconnected
		return nil
	}
	return odata.BadRequest("The property '" + t.name + "' has no raw value.")
}

// names returns the properties of a response.
func (q query) names(version string) []string {
	switch {
	case q.selected != nil:
		return q.selected
	case version == "beta":
		return append(defaultProperties(), directoryProperties()...)
	}
	return defaultProperties()
}

// contextURL returns the @odata.context of a user, which repeats $select and $expand.
func contextURL(version string, q query) string {
	items := slices.Clone(q.selected)
	if q.expanded != "" {
		items = append(items, q.expanded+"()")
	}
	list := ""
	if len(items) > 0 {
		list = "(" + strings.Join(items, ",") + ")"
	}
	return metadata(version) + "users" + list + "/$entity"
}

func metadata(version string) string { return graphURI + "/" + version + "/$metadata#" }

// domain returns the initial domain of the tenant.
func (g *Graph) domain() (domain string) {
	g.Directory.View(func(d *directory.State) { domain = d.Subdomain + ".onmicrosoft.com" })
	return domain
}

// visibleProfile returns the user's profile as reads show it: the old one until
// the read lag after a change is over.
func (g *Graph) visibleProfile(r *http.Request, user directory.User) map[string]*string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, lagging := g.stale[user.ID]; lagging && g.Now().Before(old.until) {
		audit.From(r.Context()).Answered("returned the profile from before the last change: the read lag is %s",
			g.ReadLag)
		return old.profile
	}
	return user.Profile
}

// noPhoto returns the published error for users without a photo.
func noPhoto() *odata.Error {
	return &odata.Error{
		Status:  http.StatusNotFound,
		Code:    "ImageNotFound",
		Message: "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
	}
}
