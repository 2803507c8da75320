package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/guid"
)

// values1 is a JSON object of the fake directory.
type values1 = map[string]any

// fakeGraph is a small Microsoft Graph with the collections of a setup. It can hide new
// objects for some requests, as replicas do, and fail requests.
type fakeGraph struct {
	mu       sync.Mutex
	store    map[string][]values1 // by collection
	requests int                  // all
	writes   []string             // method and path
	lag      int                  // requests for which a new object is hidden
	// before and after are called around each write with its number from 0. If one
	// returns true, no response is sent.
	before, after func(n int) bool
	refuse        map[string]int // status by method and prefix of the path
	busy          int            // how many of the next requests get 429
}

func newFake() *fakeGraph {
	scope := func(s graphScope) values1 { return values1{"id": s.id, "value": s.value, "isEnabled": true} }
	var scopes []any
	for _, s := range append(clientScopes(), Wanted{PasswordChange: true}.midTierScopes()...) {
		scopes = append(scopes, scope(s))
	}
	return &fakeGraph{
		store: map[string][]values1{
			"/servicePrincipals": {{"id": guid.New(), "appId": GraphID, "oauth2PermissionScopes": scopes}},
			emailPath:            {{"@odata.type": emailType, "id": "email", "state": "disabled"}},
		},
		refuse: map[string]int{},
	}
}

func (f *fakeGraph) server(t *testing.T) *API {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return apiOf(s.URL)
}

// locked runs change while no request is handled.
func (f *fakeGraph) locked(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeGraph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	path := strings.TrimPrefix(r.URL.Path, "/v1.0")
	if f.busy > 0 {
		f.busy--
		w.Header().Set("Retry-After", "0")
		fail(w, http.StatusTooManyRequests, "TooManyRequests")
		return
	}
	for prefix, status := range f.refuse {
		if strings.HasPrefix(r.Method+" "+path, prefix) {
			fail(w, status, "Authorization_RequestDenied")
			return
		}
	}
	if r.Method == http.MethodGet {
		f.get(w, r, path)
		return
	}
	n := len(f.writes)
	if f.before != nil && f.before(n) {
		panic(http.ErrAbortHandler)
	}
	f.writes = append(f.writes, r.Method+" "+path)
	var body values1
	_ = json.NewDecoder(r.Body).Decode(&body)
	rec := httptest.NewRecorder()
	f.write(rec, r.Method, path, body)
	if f.after != nil && f.after(n) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"secret text"}}`, code)
}

// visible reports whether an object shows in responses.
func (f *fakeGraph) visible(o values1) bool {
	born, _ := o["_born"].(int)
	return born == 0 || f.requests > born+f.lag
}

// split returns the collection and the key of a path.
func split(path string) (collection, key string) {
	if before, appID, ok := strings.Cut(path, "(appId='"); ok {
		return before, strings.TrimSuffix(appID, "')")
	}
	i := strings.LastIndex(path, "/")
	return path[:i], path[i+1:]
}

// find returns the object with a key in a collection, or nil.
func (f *fakeGraph) find(collection, key string) values1 {
	for _, o := range f.store[collection] {
		if (o["id"] == key || o["appId"] == key) && f.visible(o) {
			return o
		}
	}
	return nil
}

func (f *fakeGraph) get(w http.ResponseWriter, r *http.Request, path string) {
	if path == emailPath {
		_ = json.NewEncoder(w).Encode(f.store[emailPath][0])
		return
	}
	collection, key := split(path)
	if o := f.find(collection, key); o != nil {
		_ = json.NewEncoder(w).Encode(o)
		return
	}
	if strings.Contains(path, "(appId=") || collection == contextsPath {
		fail(w, http.StatusNotFound, "Request_ResourceNotFound")
		return
	}
	found := []values1{}
	for _, o := range f.store[path] {
		if f.visible(o) && matches(r.URL.Query().Get("$filter"), o) {
			found = append(found, o)
		}
	}
	_ = json.NewEncoder(w).Encode(values1{"value": found})
}

// matches reports whether an object passes one of the filters of package setup.
func matches(filter string, o values1) bool {
	parts := strings.Split(filter, "'")
	if len(parts) < 3 {
		return true
	}
	value := parts[1]
	if strings.HasPrefix(filter, "tags/any") {
		tags, _ := o["tags"].([]any)
		return slices.Contains(tags, any(value))
	}
	name, _, _ := strings.Cut(filter, " eq ")
	return o[name] == value
}

func (f *fakeGraph) write(w http.ResponseWriter, method, path string, body values1) {
	switch {
	case strings.HasSuffix(path, "/addPassword"):
		f.addPassword(w, path, body)
	case strings.HasSuffix(path, "/removePassword"):
		f.removePassword(w, path, body)
	case method == http.MethodPost:
		f.create(w, path, body)
	case method == http.MethodDelete:
		f.remove(w, path)
	default:
		f.patch(w, path, body)
	}
}

func (f *fakeGraph) create(w http.ResponseWriter, path string, body values1) {
	status := http.StatusCreated
	switch path {
	case "/applications":
		body["appId"] = guid.New()
	case "/servicePrincipals":
		if f.find("/applications", fmt.Sprint(body["appId"])) == nil {
			fail(w, http.StatusBadRequest, "NoBackingApplicationObject")
			return
		}
	case "/oauth2PermissionGrants":
		client, resource := fmt.Sprint(body["clientId"]), fmt.Sprint(body["resourceId"])
		if f.find("/servicePrincipals", client) == nil || f.find("/servicePrincipals", resource) == nil {
			fail(w, http.StatusNotFound, "Request_ResourceNotFound")
			return
		}
	}
	body["id"] = guid.New()
	body["_born"] = f.requests
	f.store[path] = append(f.store[path], body)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (f *fakeGraph) patch(w http.ResponseWriter, path string, body values1) {
	collection, key := split(path)
	o := f.find(collection, key)
	switch {
	case path == emailPath:
		o = f.store[emailPath][0]
	case o == nil && collection == contextsPath:
		o = values1{"id": key}
		f.store[collection] = append(f.store[collection], o)
	case o == nil:
		fail(w, http.StatusNotFound, "Request_ResourceNotFound")
		return
	}
	for name, value := range body {
		if members, ok := value.(values1); ok && o[name] != nil {
			maps.Copy(o[name].(values1), members)
			continue
		}
		o[name] = value
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeGraph) remove(w http.ResponseWriter, path string) {
	collection, key := split(path)
	if f.find(collection, key) == nil {
		fail(w, http.StatusNotFound, "Request_ResourceNotFound")
		return
	}
	for i, o := range f.store[collection] {
		if o["id"] == key || o["appId"] == key {
			f.store[collection] = slices.Delete(f.store[collection], i, i+1)
			if collection == "/applications" {
				bin := "/directory/deletedItems/microsoft.graph.application"
				f.store[bin] = append(f.store[bin], o)
			}
			break
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeGraph) addPassword(w http.ResponseWriter, path string, body values1) {
	app := f.find(split(strings.TrimSuffix(path, "/addPassword")))
	if app == nil {
		fail(w, http.StatusNotFound, "Request_ResourceNotFound")
		return
	}
	p := body["passwordCredential"].(values1)
	secret := guid.New()
	p["keyId"], p["hint"] = guid.New(), secret[:3]
	list, _ := app["passwordCredentials"].([]any)
	app["passwordCredentials"] = append(list, p)
	answer := values1{"secretText": secret}
	maps.Copy(answer, p)
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fakeGraph) removePassword(w http.ResponseWriter, path string, body values1) {
	app := f.find(split(strings.TrimSuffix(path, "/removePassword")))
	list, _ := app["passwordCredentials"].([]any)
	app["passwordCredentials"] = slices.DeleteFunc(list, func(p any) bool {
		return p.(values1)["keyId"] == body["keyId"]
	})
	w.WriteHeader(http.StatusNoContent)
}
