package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// repository is a repository of GitHub. The tokens are empty if there is none.
type repository struct {
	branch   string // the default branch
	contents string // the token that may write branches, files and releases
	pulls    string // the token that may open pull requests
	created  string // the branch that was created
}

// gitHub is the service. It has at most one release, with the ID 1.
type gitHub struct {
	dir string

	mu           sync.Mutex
	events       io.Writer
	repositories map[string]*repository
	tag          string // of the release; empty while there is none
	draft        bool
	assets       map[string]bool
}

// object is a JSON object.
type object = map[string]any

// call is a request for a repository.
type call struct {
	*repository
	name   string // of the repository, with its owner
	req    *http.Request
	fields object // of the body
}

// failure is an error of the API.
type failure struct {
	status int
	text   string
}

// Error returns the text (error).
func (f failure) Error() string { return f.text }

var (
	errNotFound  = failure{http.StatusNotFound, "Not Found"}
	errForbidden = failure{http.StatusForbidden, "Resource not accessible by personal access token"}
)

// routes returns the routes that GoReleaser uses.
func (g *gitHub) routes() http.Handler {
	mux := http.NewServeMux()
	const api, uploads = "/api/v3/repos/{owner}/{repo}", "/api/uploads/repos/{owner}/{repo}"
	for pattern, handle := range map[string]func(call) (any, error){
		"GET " + api:                             g.get,
		"GET " + api + "/branches/{branch}":      g.getBranch,
		"GET " + api + "/git/ref/heads/{branch}": g.getBranch,
		"GET " + api + "/contents/{path...}":     missing,
		"GET " + api + "/releases/tags/{tag}":    missing,
		"POST " + api + "/git/refs":              g.createBranch,
		"PUT " + api + "/contents/{path...}":     g.putFile,
		"POST " + api + "/merge-upstream":        g.sync,
		"POST " + api + "/pulls":                 g.openPull,
		"POST " + api + "/releases":              g.createRelease,
		"PATCH " + api + "/releases/1":           g.publish,
		"POST " + uploads + "/releases/1/assets": g.upload,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			result, err := g.authorized(req, handle)
			reply(w, result, err)
		})
	}
	mux.HandleFunc("GET /api/v3/rate_limit", func(w http.ResponseWriter, _ *http.Request) {
		const plenty = 5000
		reply(w, object{"resources": object{"core": object{"limit": plenty, "remaining": plenty}}}, nil)
	})
	return mux
}

// authorized handles a request. A request that changes something needs the token of the
// repository.
func (g *gitHub) authorized(req *http.Request, handle func(call) (any, error)) (any, error) {
	name := req.PathValue("owner") + "/" + req.PathValue("repo")
	repo, ok := g.repositories[name]
	if !ok {
		return nil, errNotFound
	}
	if req.Method != http.MethodGet {
		allowed := repo.contents
		if strings.HasSuffix(req.URL.Path, "/pulls") {
			allowed = repo.pulls
		}
		if token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "); allowed == "" || token != allowed {
			return nil, errForbidden
		}
	}
	c := call{repository: repo, name: name, req: req}
	if req.ContentLength != 0 && strings.HasPrefix(req.URL.Path, "/api/v3/") {
		if err := json.NewDecoder(req.Body).Decode(&c.fields); err != nil {
			return nil, failure{http.StatusBadRequest, err.Error()}
		}
	}
	return handle(c)
}

// text returns a field of the body.
func (c call) text(field string) string {
	text, _ := c.fields[field].(string)
	return text
}

func (c call) has(branch string) bool {
	return branch != "" && (branch == c.branch || branch == c.created)
}

func reply(w http.ResponseWriter, result any, err error) {
	status := http.StatusOK
	if err != nil {
		status, result = http.StatusInternalServerError, object{"message": err.Error()}
		if f, ok := errors.AsType[failure](err); ok {
			status = f.status
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(result) // the client would notice
}

func (g *gitHub) record(format string, args ...any) error {
	_, err := fmt.Fprintf(g.events, format+"\n", args...)
	return err
}

func missing(call) (any, error) { return nil, errNotFound }

func (g *gitHub) get(c call) (any, error) { return object{"default_branch": c.branch}, nil }

func (g *gitHub) getBranch(c call) (any, error) {
	if !c.has(c.req.PathValue("branch")) {
		return nil, errNotFound
	}
	return object{"object": object{"sha": "1"}}, nil
}

func (g *gitHub) createBranch(c call) (any, error) {
	c.created = strings.TrimPrefix(c.text("ref"), "refs/heads/")
	return object{}, g.record("branch %s %s", c.name, c.created)
}

func (g *gitHub) sync(c call) (any, error) {
	if !c.has(c.text("branch")) {
		return nil, errNotFound
	}
	return object{}, g.record("sync %s %s", c.name, c.text("branch"))
}

// putFile rejects a file that refers to a release that users cannot download yet.
func (g *gitHub) putFile(c call) (any, error) {
	path := c.req.PathValue("path")
	if !c.has(c.text("branch")) || g.tag == "" || g.draft {
		return nil, errNotFound
	}
	raw, err := json.Marshal(c.fields["content"]) // which encoding/json reads into bytes
	var content []byte
	err = errors.Join(err, json.Unmarshal(raw, &content))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(g.dir, filepath.FromSlash(c.name), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return nil, err
	}
	return object{}, g.record("commit %s %s %s", c.name, c.text("branch"), path)
}

// openPull opens a pull request for a branch OWNER:REPOSITORY:BRANCH, which must exist.
func (g *gitHub) openPull(c call) (any, error) {
	const parts = 3
	head := strings.SplitN(c.text("head"), ":", parts)
	if len(head) != parts || !c.has(c.text("base")) {
		return nil, failure{http.StatusUnprocessableEntity, "Validation Failed"}
	}
	from, ok := g.repositories[head[0]+"/"+head[1]]
	if !ok || head[2] != from.created {
		return nil, failure{http.StatusUnprocessableEntity, "Validation Failed"}
	}
	return object{}, g.record("pull %s %s from %s", c.name, c.text("base"), strings.Join(head, ":"))
}

func (g *gitHub) createRelease(c call) (any, error) {
	if g.tag != "" {
		return nil, failure{http.StatusUnprocessableEntity, "already_exists"}
	}
	g.tag = c.text("tag_name")
	g.draft, _ = c.fields["draft"].(bool)
	return object{"id": 1}, g.record("release %s %s draft=%v", c.name, g.tag, c.fields["draft"])
}

func (g *gitHub) publish(c call) (any, error) {
	g.draft, _ = c.fields["draft"].(bool)
	files := len(g.assets)
	return object{"id": 1}, g.record("release %s %s draft=%v assets=%d", c.name, g.tag, c.fields["draft"], files)
}

// upload rejects a second file of the same name, as GitHub does.
func (g *gitHub) upload(c call) (any, error) {
	name := filepath.Base(c.req.URL.Query().Get("name"))
	if g.assets[name] || !g.draft {
		return nil, failure{http.StatusUnprocessableEntity, "already_exists"}
	}
	g.assets[name] = true
	dir := filepath.Join(g.dir, "assets")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(file, c.req.Body)
	return object{"id": len(g.assets)}, errors.Join(err, file.Close())
}
