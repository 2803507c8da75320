package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/internal/setup"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/sandbox/robot"
)

// object is a JSON object of Microsoft Graph.
type object = map[string]any

// brokenTenant is a tenant that was set up, with its administrator, a customer who has
// signed in with a password alone, and one with a second factor.
type brokenTenant struct {
	*testing.T
	playground          *playground.Playground
	admin, user, editor *machine
	graph               *setup.API
	dir                 string
	secret              string // the file with the secret of the mid-tier
}

const (
	customer = "ada@contoso.example"
	secretOf = "A password of Ada"
)

func newBrokenTenant(t *testing.T) *brokenTenant {
	t.Helper()
	p, err := playground.Start(t.Context(), playground.Options{Empty: true, QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	b := &brokenTenant{T: t, playground: p, dir: t.TempDir(), secret: "first.secret"}
	b.admin = b.machine("admin", p.Facts.Admin, p.Facts.AdminPassword)
	b.user = b.machine("user", customer, secretOf)
	b.editor = b.machine("editor", customer, secretOf)
	b.run(b.admin, 0, "config", "set", "authority", p.Facts.Authority)
	b.run(b.admin, 0, "config", "set", "ca-file", p.CAFile)
	b.apply()
	if err := p.Tenant.AddUser(customer, secretOf, "Ada"); err != nil {
		t.Fatal(err)
	}
	b.setServe()
	b.run(b.user, 0, "login")
	b.run(b.editor, 0, "login", "--with-edit")
	b.signInAdministrator()
	return b
}

// machine returns a home directory that shares the configuration with the others.
func (b *brokenTenant) machine(name, email, password string) *machine {
	b.Helper()
	m := &machine{playground: b.playground, variables: b.playground.Variables(), dir: filepath.Join(b.dir, name)}
	m.out = &bytes.Buffer{}
	m.variables["PROFILECTL_AUTHORITY"] = "" // the configuration has it
	m.variables["PROFILECTL_TENANT"] = "contoso"
	m.variables["PROFILECTL_CONFIG_DIR"], m.variables["PROFILECTL_STATE_DIR"] = b.dir, m.dir
	ring := filepath.Join(m.dir, "ring")
	if err := os.MkdirAll(ring, 0o700); err != nil {
		b.Fatal(err)
	}
	m.env = command.System()
	m.env.Stdin, m.env.Stdout, m.env.Stderr = strings.NewReader(""), m.out, io.Discard
	m.env.Keyring = fileKeyring(ring)
	m.env.Getenv = func(name string) string { return m.variables[name] }
	m.env.Environ = func() []string { return nil }
	m.env.OpenBrowser = func(ctx context.Context, address string) error {
		browser, err := robot.New(robot.User{
			Email:    email,
			Password: password,
			Code:     robot.Mailbox(b.playground.Facts.Mailbox, b.playground.Transport),
		}, b.playground.Transport)
		if err != nil {
			return err
		}
		go func() { _, _ = browser.Open(ctx, address) }() // a failure shows as a sign-in that times out
		return nil
	}
	return m
}

func (b *brokenTenant) run(m *machine, code int, args ...string) string {
	b.Helper()
	m.env.Stderr = m.out
	if slices.Contains(args, "json") {
		m.env.Stderr = io.Discard
	}
	if got := m.run(b.T, args...); got != code {
		b.Fatalf("%v ended with %d: %s", args, got, m.out)
	}
	return m.out.String()
}

// apply sets the tenant up.
func (b *brokenTenant) apply() {
	b.Helper()
	b.run(b.admin, 0, "setup", "apply", "--enforce", "--auth-context", "c1", "--no-checks",
		"--secret-file", filepath.Join(b.dir, b.secret), "--env-file", filepath.Join(b.dir, "mid.env"))
}

// setServe gives the machines the settings of the mid-tier.
func (b *brokenTenant) setServe() {
	b.Helper()
	raw, err := os.ReadFile(filepath.Join(b.dir, "mid.env"))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		b.editor.variables[name], b.user.variables[name] = value, value
	}
}

// signInAdministrator signs the administrator in to Microsoft Graph, as setup does.
func (b *brokenTenant) signInAdministrator() {
	b.Helper()
	const limit = 8 * time.Second
	client, err := upstream.New(upstream.Config{CAFile: b.playground.CAFile, Timeout: limit})
	if err != nil {
		b.Fatal(err)
	}
	form, err := authority.Parse(b.playground.Facts.Authority)
	if err != nil {
		b.Fatal(err)
	}
	tenant, err := authority.Discover(b.Context(), client, form)
	if err != nil {
		b.Fatal(err)
	}
	at, err := authority.Discover(b.Context(), client, setup.AdministratorAuthority(tenant, form))
	if err != nil {
		b.Fatal(err)
	}
	signIn, err := auth.New(auth.Config{
		Authority: at,
		ClientID:  setup.DefaultClient,
		Store:     tokenstore.Memory(),
		HTTP:      client,
		Open:      func(ctx context.Context, page auth.Page) error { return b.admin.env.OpenBrowser(ctx, page.URL) },
		Wait:      limit,
		Log:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	scopes := setup.WriteScopes()
	t, err := signIn.Interactive(b.Context(), auth.Request{Scopes: setup.FullScopes(scopes)})
	if err != nil {
		b.Fatal(err)
	}
	b.graph = &setup.API{
		Base:  b.playground.Facts.Graph,
		HTTP:  client,
		Token: setup.Tokens(signIn, t.Account, scopes),
	}
}

// send sends a request of the administrator to Microsoft Graph, which must succeed.
func (b *brokenTenant) send(method, path string, body any) object {
	b.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.Context(), method, b.graph.Base+"/v1.0"+path, bytes.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	token, err := b.graph.Token(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := b.graph.HTTP.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusBadRequest {
		b.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, raw, err)
	}
	var answer object
	_ = json.Unmarshal(raw, &answer) // 204 has no body
	return answer
}

// find returns the object of a collection with a member.
func (b *brokenTenant) find(collection, member, value string) object {
	b.Helper()
	all, _ := b.send(http.MethodGet, collection, nil)["value"].([]any)
	for _, o := range all {
		if o, ok := o.(object); ok && strings.Contains(text(o, member), value) {
			return o
		}
	}
	b.Fatalf("%s has no %s %s", collection, member, value)
	return nil
}

func text(o object, member string) string {
	value, _ := o[member].(string)
	return value
}

// The paths of the objects of a setup.
func (b *brokenTenant) app(name string) string {
	b.Helper()
	return "/applications/" + text(b.find("/applications", "displayName", name), "id")
}

func (b *brokenTenant) principal(name string) string {
	b.Helper()
	return "/servicePrincipals/" + text(b.find("/servicePrincipals", "displayName", name), "id")
}

func (b *brokenTenant) policy(name string) string {
	b.Helper()
	const policies = "/identity/conditionalAccess/policies"
	return policies + "/" + text(b.find(policies, "displayName", name), "id")
}

func (b *brokenTenant) grant(client, scope string) string {
	b.Helper()
	id := strings.TrimPrefix(b.principal(client), "/servicePrincipals/")
	const grants = "/oauth2PermissionGrants"
	return grants + "/" + text(b.find(grants+"?$filter="+url.QueryEscape("clientId eq '"+id+"'"), "scope", scope), "id")
}

// restore restores a deleted application with its service principal.
func (b *brokenTenant) restore(name string) {
	b.Helper()
	const bin = "/directory/deletedItems"
	id := text(b.find(bin+"/microsoft.graph.application", "displayName", name), "id")
	b.send(http.MethodPost, bin+"/"+id+"/restore", nil)
}

// statuses returns the checks of doctor by their status.
func (b *brokenTenant) statuses(m *machine, args ...string) map[doctor.Status][]string {
	b.Helper()
	m.env.Stderr = io.Discard
	m.run(b.T, append([]string{"doctor", "-o", "json"}, args...)...)
	var report struct {
		Checks []struct {
			ID     string
			Status doctor.Status
		}
	}
	if err := json.Unmarshal(m.out.Bytes(), &report); err != nil {
		b.Fatalf("%v: %s", err, m.out)
	}
	all := map[doctor.Status][]string{}
	for _, c := range report.Checks {
		all[c.Status] = append(all[c.Status], c.ID)
	}
	return all
}

// planned returns the ids of the objects that setup plan would create or change.
func (b *brokenTenant) planned() []string {
	b.Helper()
	out := b.run(b.admin, 0, "setup", "plan", "-o", "json", "--auth-context", "c1", "--enforce",
		"--secret-file", filepath.Join(b.dir, "planned.secret"))
	var report struct{ Objects []setup.Item }
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var ids []string
	for _, i := range report.Objects {
		if i.Action != setup.Keep {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// userID returns the object ID of the customer.
func (b *brokenTenant) userID() string {
	b.Helper()
	out := b.run(b.user, 0, "show", "--select", "id", "-o", "json")
	var profile object
	if err := json.Unmarshal([]byte(out), &profile); err != nil || text(profile, "id") == "" {
		b.Fatalf("%v: %s", err, out)
	}
	return text(profile, "id")
}

// brokenObject is an object that is broken, and what names it.
type brokenObject struct {
	name   string
	breaks func()
	// check is the check of doctor that fails or warns; empty if no response shows the
	// mistake to a client.
	check  string
	serve  bool   // the check is one of doctor --serve
	plan   string // the object that setup plan names; empty if it is as an administrator wants it
	undo   func() // nil is setup apply
	secret bool   // the repair creates a new secret
}

// TestEachBrokenObjectIsNamed breaks each object of a setup in each way that matters, and
// checks that doctor names it as far as a client can see it, and setup plan otherwise.
func TestEachBrokenObjectIsNamed(t *testing.T) {
	b := newBrokenTenant(t)
	if ids := b.planned(); len(ids) != 0 {
		t.Fatalf("the new setup is not complete: %v", ids)
	}
	for _, row := range slices.Concat(b.apps(), b.consents(), b.policies(), b.flows(), b.deletions()) {
		row.breaks()
		m, args := b.user, []string{}
		if row.serve {
			m, args = b.editor, []string{"--serve"}
		}
		if row.check == "serve.context" { // which a second factor would hide
			m = b.user
		}
		if row.check != "" {
			found := b.statuses(m, append(args, "--only", row.check)...)
			if named := slices.Concat(found[doctor.Failed], found[doctor.Warning]); !slices.Contains(named, row.check) {
				t.Errorf("%s: doctor reports %v, and not %s", row.name, found, row.check)
			}
		}
		if ids := b.planned(); row.plan != "" && !slices.Contains(ids, row.plan) || row.plan == "" && len(ids) > 0 {
			t.Errorf("%s: setup plan names %v, want %q", row.name, ids, row.plan)
		}
		if row.undo != nil {
			row.undo()
			continue
		}
		if row.secret {
			b.secret = "second.secret"
		}
		b.apply()
		b.setServe()
	}
	if ids := b.planned(); len(ids) != 0 {
		t.Errorf("after the repairs, setup plan names %v", ids)
	}
	for _, found := range []map[doctor.Status][]string{
		b.statuses(b.user), b.statuses(b.user, "--serve"), b.statuses(b.editor, "--serve"),
	} {
		bad := slices.Concat(found[doctor.Failed], found[doctor.Warning])
		if len(bad) > 1 || len(bad) == 1 && bad[0] != "midtier.reachable" { // it does not run
			t.Errorf("after the repairs, doctor reports %v", found)
		}
	}
}

const (
	midTierName = "edit-profile-service"
	clientName  = "edit-profile-cli"
)
