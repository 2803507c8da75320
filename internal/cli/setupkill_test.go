package cli

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/setup"
)

// gate passes requests to Microsoft Graph. It kills the process that sends a write for the
// first time, before the write is executed, and at the second time after that.
type gate struct {
	http.Handler // passes a request on

	mu      sync.Mutex
	sent    map[string]int // how often each write was sent; nil lets all pass
	writes  int
	process *os.Process
}

// newGate returns a gate with its address and its certificate as PEM.
func newGate(t *testing.T, p *playground.Playground) (g *gate, address string, certificate []byte) {
	t.Helper()
	graph, err := url.Parse(p.Facts.Graph)
	if err != nil {
		t.Fatal(err)
	}
	g = &gate{Handler: &httputil.ReverseProxy{
		Transport: p.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(graph)
			r.Out.Host = graph.Host
		},
	}}
	server := httptest.NewTLSServer(http.HandlerFunc(g.serve))
	t.Cleanup(server.Close)
	return g, server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func (g *gate) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	times := 2
	if r.Method != http.MethodGet {
		g.writes++
		if g.sent != nil {
			key := writeKey(r, body)
			times = g.sent[key]
			g.sent[key]++
		}
	}
	if times == 0 {
		_ = g.process.Kill()
		return
	}
	response := httptest.NewRecorder()
	g.ServeHTTP(response, r)
	if times == 1 {
		_ = g.process.Kill()
		return
	}
	maps.Copy(w.Header(), response.Header())
	w.WriteHeader(response.Code)
	_, _ = w.Write(response.Body.Bytes())
}

// writeKey returns what tells a write from others: the address, the names of the members,
// and the members that name an object.
func writeKey(r *http.Request, body []byte) string {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // a DELETE has none
	key := r.Method + " " + r.URL.Path
	for _, name := range slices.Sorted(maps.Keys(members)) {
		key += " " + name
		if slices.Contains([]string{"displayName", "appId", "clientId", "resourceId"}, name) {
			key += fmt.Sprint("=", members[name])
		}
	}
	return key
}

// emptyTenant is an empty sandbox with an administrator, who runs profilectl in processes.
type emptyTenant struct {
	t          *testing.T
	playground *playground.Playground
	gate       *gate
	graph      string // the address of the gate
	dir        string
}

func newEmptyTenant(t *testing.T) *emptyTenant {
	t.Helper()
	p, err := playground.Start(t.Context(), playground.Options{Empty: true, QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	e := &emptyTenant{t: t, playground: p, dir: t.TempDir()}
	var certificate []byte
	e.gate, e.graph, certificate = newGate(t, p)
	trusted, err := os.ReadFile(p.CAFile)
	if err == nil {
		err = os.WriteFile(filepath.Join(e.dir, "ca.pem"), append(trusted, certificate...), 0o600)
	}
	attributes := "attributes:\n  - {name: extension_" + strings.Repeat("0", 32) + "_Diet, label: Diet, type: string}\n"
	if err := errors.Join(
		err,
		os.Mkdir(filepath.Join(e.dir, "ring"), 0o700),
		os.WriteFile(filepath.Join(e.dir, "attributes.yaml"), []byte(attributes), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	e.must("config", "set", "--tenant", "contoso", "authority", p.Facts.Authority)
	e.must("config", "set", "--tenant", "contoso", "ca-file", filepath.Join(e.dir, "ca.pem"))
	return e
}

// run runs profilectl in a process and returns its output, or an error.
func (e *emptyTenant) run(args ...string) (stdout string, err error) {
	e.t.Helper()
	c := exec.CommandContext(e.t.Context(), "profilectl", args...) // TestMain has put it on PATH
	c.Dir = e.dir
	c.Env = append(os.Environ(), "HOME="+e.dir, "PROFILECTL_CONFIG_DIR="+e.dir, "PROFILECTL_STATE_DIR="+e.dir,
		"TEST_KEYRING="+filepath.Join(e.dir, "ring"), "TEST_BROWSER=admin", "GORACE=atexit_sleep_ms=0",
		"PROFILECTL_TENANT=contoso")
	for name, value := range e.playground.Variables() {
		if !strings.HasPrefix(name, "PROFILECTL_") {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	c.Env = append(c.Env, "PROFILECTL_GRAPH="+e.graph)
	var out, log strings.Builder
	c.Stdout, c.Stderr = &out, &log
	e.gate.mu.Lock()
	err = c.Start()
	e.gate.process = c.Process
	e.gate.mu.Unlock()
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		err = fmt.Errorf("profilectl %s: %w: %s", strings.Join(args, " "), err, log.String())
	}
	return out.String(), err
}

// must runs profilectl, which must succeed.
func (e *emptyTenant) must(args ...string) string {
	e.t.Helper()
	out, err := e.run(args...)
	if err != nil {
		e.t.Fatal(err)
	}
	return out
}

// apply returns the arguments of setup apply with which every kind of object is created. Graph
// shows an object at once, so that a run needs to wait only shortly for one.
func applyArguments() []string {
	return []string{
		"setup", "apply", "--no-checks", "--secret-file", "mid.secret", "--env-file", "mid.env",
		"--auth-context", "c1", "--with-password-change",
		"--with-attributes", "attributes.yaml", "--attributes-secret-file", "attributes.secret",
		"--replication", "200ms", "-o", "json",
	}
}

func destroyArguments() []string {
	return []string{"setup", "destroy", "--yes", "--purge", "--replication", "200ms", "-o", "json"}
}

// content returns the objects of the tenant.
func (e *emptyTenant) content() string {
	e.t.Helper()
	raw, err := e.playground.Tenant.Export(false)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(raw)
}

// checkComplete checks that another run of apply finds everything once, and writes nothing.
func (e *emptyTenant) checkComplete(when string) {
	e.t.Helper()
	var report struct {
		Writes    int
		Objects   []setup.Item
		Namesakes []setup.Namesake
	}
	if err := json.Unmarshal([]byte(e.must(applyArguments()...)), &report); err != nil {
		e.t.Fatal(err)
	}
	if report.Writes != 0 || len(report.Objects) != 18 || len(report.Namesakes) != 0 {
		e.t.Errorf("%s: the next run wrote %d times: %+v", when, report.Writes, report)
	}
	content := e.content()
	for name, want := range map[string]int{
		"edit-profile-service":    1,
		"edit-profile-cli":        1,
		"edit-profile-attributes": 1,
		"MFA for edit-profile-service [profilectl:setup:default]": 1,
		"MFA for context c1 [profilectl:setup:default:context]":   1,
		"Sign up and sign in for edit-profile-cli":                1,
		"profilectl:setup:default":                                2, // the secrets
	} {
		if got := strings.Count(content, `"name":"`+name+`"`); got != want {
			e.t.Errorf("%s: the tenant has %d of %q", when, got, name)
		}
	}
	for _, name := range []string{"mid.secret", "attributes.secret"} {
		secret, err := os.ReadFile(filepath.Join(e.dir, name))
		if err != nil || len(secret) == 0 {
			e.t.Errorf("%s: no %s was written: %v", when, name, err)
		}
	}
}

// TestSetupContinuesAfterKill kills setup apply before and after each write, and then setup
// destroy, always in the state that the last kill has left. The reads in between change
// nothing, so a kill at a read is the same as one after the write before it. Package setup
// has the test that begins with a new tenant for each kill.
func TestSetupContinuesAfterKill(t *testing.T) {
	t.Parallel()
	e := newEmptyTenant(t)
	e.must(applyArguments()...) // the first sign-in adds the consent of the administrator
	e.must(destroyArguments()...)
	for _, secret := range []string{"mid.secret", "attributes.secret"} {
		if err := os.Remove(filepath.Join(e.dir, secret)); err != nil {
			t.Fatal(err)
		}
	}
	empty := e.content()
	created := e.killEach(applyArguments())
	e.checkComplete("after the kills")
	deleted := e.killEach(destroyArguments())
	if got := e.content(); got != empty {
		t.Errorf("after the kills, the tenant has:\n%s\nbefore:\n%s", got, empty)
	}
	e.gate.writes = 0
	e.must(destroyArguments()...)
	if e.gate.writes != 0 {
		t.Errorf("the next run of destroy wrote %d times", e.gate.writes)
	}
	t.Logf("killed before and after each of %d writes of apply and %d of destroy", created, deleted)
}

// killEach runs a command again and again, until a run is not killed. It returns how many
// different writes the runs have sent; each has killed two of them.
func (e *emptyTenant) killEach(args []string) (writes int) {
	e.t.Helper()
	e.gate.sent = map[string]int{}
	defer func() { e.gate.sent = nil }()
	const most = 100
	for kills := 0; ; kills++ {
		_, err := e.run(args...)
		if err == nil {
			if writes = len(e.gate.sent); kills != 2*writes {
				e.t.Errorf("%v: killed %d times at %d writes", args[:2], kills, writes)
			}
			return writes
		}
		if kills > most || !strings.Contains(err.Error(), "signal: killed") {
			e.t.Fatalf("after %d kills: %v", kills, err)
		}
	}
}
