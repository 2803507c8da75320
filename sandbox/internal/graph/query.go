package graph

import (
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// query represents the query options of a request for a user.
type query struct {
	selected []string // properties, spelled as Graph does; nil if there is no $select
	expanded string   // the relationship to expand; empty for none
}

// parseQuery reads the query options of a request (learn.microsoft.com, "Use query
// parameters to customize responses"). Names ignore case. On beta, the prefix $ is
// optional. Graph ignores other parameters.
func parseQuery(u *url.URL, version string) (q query, e *odata.Error) {
	seen := map[string]bool{}
	for key, values := range u.Query() {
		name, isOption := optionName(key, version)
		if !isOption {
			continue
		}
		if seen[name] || len(values) > 1 {
			return q, odata.BadRequest("Query option '" + odata.Clean(name) + "' was specified more than once, but " +
				"it must be specified at most once.")
		}
		seen[name] = true
		if e := q.add(name, values[0]); e != nil {
			return q, e
		}
	}
	return q, nil
}

// optionName returns the name of a query option in lower case, with $, and whether the
// parameter is one.
func optionName(key, version string) (string, bool) {
	name := strings.ToLower(key)
	if strings.HasPrefix(name, "$") {
		return name, true
	}
	if version == "beta" && slices.Contains(queryOptions(), "$"+name) {
		return "$" + name, true
	}
	return "", false
}

func queryOptions() []string { return append(collectionOptions(), "$select", "$expand", "$format") }

// collectionOptions returns the options that apply to collections only. Microsoft
// documents that unsupported options fail or are ignored. The sandbox rejects them; the
// published error is of the directory behind Graph.
func collectionOptions() []string {
	return []string{"$filter", "$orderby", "$count", "$search", "$skip", "$skiptoken", "$top"}
}

func (q *query) add(name, value string) (e *odata.Error) {
	switch {
	case name == "$select":
		q.selected, e = parseSelect(value)
	case name == "$expand":
		q.expanded, e = parseExpand(value)
	case name == "$format":
		if value != "json" && !strings.HasPrefix(value, "application/json") {
			return odata.NotAcceptable()
		}
	case slices.Contains(collectionOptions(), name):
		return odata.Rejected("The following query options are not supported by this request method or cannot be " +
			"applied to the requested resource: " + name)
	default:
		return odata.BadRequest("The query parameter '" + odata.Clean(name) + "' begins with a system-reserved '$' " +
			"character but is not recognized.")
	}
	return e
}

// noOptions returns an error if a request that is not a GET has query options, which
// "are supported in only GET operations".
func noOptions(u *url.URL) *odata.Error {
	for key := range u.Query() {
		if name := strings.ToLower(key); slices.Contains(queryOptions(), name) {
			return odata.Rejected("The following query options are not supported by this request method or cannot be " +
				"applied to the requested resource: " + name)
		}
	}
	return nil
}

// parseSelect returns the properties that a $select names, each once. It returns nil
// for an empty list.
func parseSelect(list string) ([]string, *odata.Error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var selected []string
	for term := range strings.SplitSeq(list, ",") {
		names, e := selectTerm(strings.TrimSpace(term))
		if e != nil {
			return nil, e
		}
		for _, name := range names {
			if !slices.Contains(selected, name) {
				selected = append(selected, name)
			}
		}
	}
	return selected, nil
}

// selectTerm returns the properties that one term of a $select names.
func selectTerm(term string) ([]string, *odata.Error) {
	name, known := propertyName(term)
	switch {
	case term == "*":
		return append(defaultProperties(), directoryProperties()...), nil
	case known && slices.Contains(specialProperties(), name):
		return nil, odata.AccessDenied().
			Because("the property %q needs a permission that the tenant does not grant", name)
	case known:
		return []string{name}, nil
	case isExtension(term), containsFold(navigationProperties(), term):
		return []string{term}, nil
	case !isName(term):
		return nil, odata.BadRequest("Parsing OData Select and Expand failed: Term '" + odata.Clean(term) +
			"' is not valid in a $select or $expand expression.")
	}
	return nil, noSuchProperty(term)
}

// parseExpand returns the relationship that an $expand names.
func parseExpand(term string) (string, *odata.Error) {
	name, options, hasOptions := strings.Cut(strings.TrimSpace(term), "(")
	if hasOptions && !strings.HasSuffix(options, ")") || !isName(name) {
		return "", odata.BadRequest("Parsing OData Select and Expand failed: Term '" + odata.Clean(term) +
			"' is not valid in a $select or $expand expression.")
	}
	for _, known := range expandableProperties() {
		if strings.EqualFold(known, name) {
			return known, nil
		}
	}
	if containsFold(navigationProperties(), name) {
		name = strings.ToUpper(name[:1]) + name[1:]
		return "", &odata.Error{
			Status:  odata.BadRequest("").Status,
			Code:    "ExpandNotSupported",
			Message: "Expand is not allowed for property '" + name + "' according to the entity schema.",
		}
	}
	if known, ok := propertyName(name); ok {
		return "", odata.BadRequest("Parsing OData Select and Expand failed: Property '" + known + "' on type " +
			"'microsoft.graph.user' is not a navigation property or complex property. Only navigation properties " +
			"can be expanded.")
	}
	return "", noSuchProperty(name)
}

func noSuchProperty(name string) *odata.Error {
	return odata.BadRequest("Parsing OData Select and Expand failed: Could not find a property named '" +
		odata.Clean(name) + "' on type 'microsoft.graph.user'.")
}

// isName reports whether s has the form of an OData identifier.
func isName(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
	unusual := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	return s != "" && !strings.ContainsFunc(s, unusual)
}
