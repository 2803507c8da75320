package graphadmin

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// answer is what a handler results in. Its request and its caller are set before.
type answer struct {
	caller   odata.Caller
	original *http.Request // with the path that the client sent
	status   int
	body     any    // nil for 204
	reached  bool   // whether a handler ran
	what     string // was done, for the audit
	err      *odata.Error
}

type answerKey struct{}

func withAnswer(ctx context.Context, a *answer) context.Context {
	return context.WithValue(ctx, answerKey{}, a)
}

// discard is the ResponseWriter of the routes, whose handlers return an answer instead.
type discard struct{}

// Header returns a header that is not used.
func (discard) Header() http.Header { return http.Header{} }

// WriteHeader does nothing.
func (discard) WriteHeader(int) {}

// Write does nothing.
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// call is a request with its options.
type call struct {
	r      *http.Request
	caller odata.Caller
	query  odata.Query
	raw    []byte // the body of a write request
}

func (c call) key(name string) string { return c.r.PathValue(name) }

// result is what a handler returns: a status, a body, and what was done.
type result struct {
	status int
	body   any
	what   string
}

func ok(body any, what string) result      { return result{http.StatusOK, body, what} }
func created(body any, what string) result { return result{http.StatusCreated, body, what} }
func done(what string) result              { return result{http.StatusNoContent, nil, what} }

// handler handles one route.
type handler func(call) (result, *odata.Error)

// handle makes an http.Handler that checks the permissions before the request.
func (a *Admin) handle(need permission, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, _ := r.Context().Value(answerKey{}).(*answer)
		answer.reached = true
		res, e := a.run(need, h, r, answer.caller, answer.original)
		answer.status, answer.body, answer.what, answer.err = res.status, res.body, res.what, e
	})
}

func (a *Admin) run(
	need permission,
	h handler,
	r *http.Request,
	caller odata.Caller,
	original *http.Request,
) (result, *odata.Error) {
	if e := a.check(need, caller); e != nil {
		return result{}, e
	}
	q, e := odata.ParseQuery(original.URL)
	if e != nil {
		return result{}, e
	}
	c := call{r: r, caller: caller, query: q}
	if r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut {
		if c.raw, e = odata.ReadBody(discard{}, original); e != nil {
			return result{}, e
		}
	}
	return h(c)
}

// read decodes the JSON object of a write request into target, whose JSON names are all that
// the object may have in addition to annotations. It returns the names that the object has.
func read(raw []byte, target any, known ...string) (names []string, e *odata.Error) {
	all, e := odata.Members(raw)
	if e != nil {
		return nil, e
	}
	for _, m := range all {
		switch {
		case strings.Contains(m.Name, "@"):
		case !slices.Contains(known, m.Name):
			return nil, odata.Rejected("Invalid property '" + odata.Clean(m.Name) + "'.")
		default:
			names = append(names, m.Name)
		}
	}
	if err := json.Unmarshal(raw, target); err != nil {
		return nil, odata.BadRequest("Cannot convert a value of the request to the type of its property.").
			Because("the body does not have the types of the resource: %v", err)
	}
	return names, nil
}

// update changes the directory. change returns the error of Graph.
func (a *Admin) update(change func(*directory.State) *odata.Error) *odata.Error {
	var rejected *odata.Error
	err := a.Directory.Update(func(d *directory.State) error {
		if rejected = change(d); rejected != nil {
			return errRejected{}
		}
		return nil
	})
	if rejected != nil {
		return rejected
	}
	if err != nil {
		a.Log.Error("change directory", "error", err)
		return odata.StatusError(http.StatusInternalServerError)
	}
	return nil
}

// errRejected undoes a change of the directory.
type errRejected struct{}

// Error returns a text that no one reads.
func (errRejected) Error() string { return "rejected" }
