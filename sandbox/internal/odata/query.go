package odata

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query represents the query options of a request for a collection or an object.
type Query struct {
	Select []string // nil for all properties
	Top    int      // objects on a page; 0 is the default
	Skip   int      // objects before the page
	Count  bool     // whether the response contains their number
	Filter Filter   // nil for all objects
}

const (
	defaultPage = 100
	maxPage     = 999
)

// ParseQuery reads the query options (learn.microsoft.com, "Use query parameters to
// customize responses"). Other parameters are ignored.
func ParseQuery(u *url.URL) (q Query, e *Error) {
	values := u.Query()
	for name, all := range values {
		option := strings.ToLower(name)
		if !strings.HasPrefix(option, "$") {
			continue
		}
		if len(all) > 1 {
			return q, BadRequest("Query option '" + Clean(option) + "' was specified more than once, but it must be " +
				"specified at most once.")
		}
		if e := q.add(option, all[0]); e != nil {
			return q, e
		}
	}
	return q, nil
}

func (q *Query) add(option, value string) (e *Error) {
	switch option {
	case "$select":
		q.Select, e = parseNames(value)
	case "$filter":
		q.Filter, e = ParseFilter(value)
	case "$top":
		q.Top, e = parseNumber(option, value, 1, maxPage)
	case "$skiptoken":
		q.Skip, e = parseNumber(option, value, 0, 1<<20)
	case "$count":
		q.Count = value == "true"
	case "$format":
	default:
		e = UnsupportedQuery("The query option '" + Clean(option) + "' is not supported.")
	}
	return e
}

// UnsupportedQuery returns the error for a query that the directory cannot process.
func UnsupportedQuery(message string) *Error {
	e := Rejected(message)
	e.Code = "Request_UnsupportedQuery"
	return e
}

func parseNames(list string) (names []string, e *Error) {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if strings.ContainsAny(name, " '\"()") {
			return nil, BadRequest("Parsing OData Select and Expand failed: Term '" + Clean(name) +
				"' is not valid in a $select or $expand expression.")
		}
		names = append(names, name)
	}
	return names, nil
}

func parseNumber(option, text string, low, high int) (int, *Error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, BadRequest("Invalid value '" + Clean(text) + "' for " + option + " query option found. The " +
			option + " query option requires an integer between " + strconv.Itoa(low) + " and " +
			strconv.Itoa(high) + ".")
	}
	return n, nil
}

// Object represents an object in a response, by the names of its properties.
type Object map[string]any

// Project returns an object with the selected properties. Names ignore case, and unknown
// ones are left out. Annotations stay.
func (q Query) Project(o Object) Object {
	if q.Select == nil {
		return o
	}
	selected := Object{}
	for name, value := range o {
		chosen := slices.ContainsFunc(q.Select, func(s string) bool { return strings.EqualFold(s, name) })
		if chosen || strings.HasPrefix(name, "@") {
			selected[name] = value
		}
	}
	return selected
}

// Page returns the response for a collection: the objects that the filter selects, up to
// the size of a page, and a link to the next page. The address is that of the request.
func (q Query) Page(context string, all []Object, address *url.URL) (Object, *Error) {
	matching := []Object{}
	for _, o := range all {
		if q.Filter != nil {
			ok, e := q.Filter.matches(o)
			if e != nil {
				return nil, e
			}
			if !ok {
				continue
			}
		}
		matching = append(matching, o)
	}
	body := Object{"@odata.context": context}
	if q.Count {
		body["@odata.count"] = len(matching)
	}
	size := q.Top
	if size == 0 {
		size = defaultPage
	}
	first := min(q.Skip, len(matching))
	last := min(first+size, len(matching))
	if last < len(matching) {
		next := *address
		values := next.Query()
		values.Set("$skiptoken", strconv.Itoa(last))
		next.RawQuery = values.Encode()
		body["@odata.nextLink"] = next.String()
	}
	page := []Object{}
	for _, o := range matching[first:last] {
		page = append(page, q.Project(o))
	}
	body["value"] = page
	return body, nil
}
