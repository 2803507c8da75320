package playground_test

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

func start(t *testing.T, o playground.Options) *playground.Playground {
	t.Helper()
	o.QuickPasswords = true
	p, err := playground.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestStartServesTheTenantAndTheMidTier(t *testing.T) {
	p := start(t, playground.Options{})
	for address, status := range map[string]int{
		p.Facts.Pages + "/nothing-here":                         http.StatusNotFound,
		p.Facts.Mailbox:                                         http.StatusOK,
		p.MidTier + "/openapi.yaml":                             http.StatusOK,
		p.Variables()["SANDBOX_CONTROL"] + "/facts?without-key": http.StatusForbidden,
	} {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: got %d, want %d", address, res.StatusCode, status)
		}
	}
}

func TestCloseLeavesNothingOfATemporaryTenant(t *testing.T) {
	p := start(t, playground.Options{})
	if _, err := os.Stat(p.CAFile); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := os.Stat(p.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if _, err := http.Get(p.MidTier); err == nil {
		t.Error("the mid-tier is still served")
	}
}

func TestStartContinuesWithAKeptTenant(t *testing.T) {
	dir := t.TempDir()
	first := start(t, playground.Options{Dir: dir})
	first.Close()
	second := start(t, playground.Options{Dir: dir})
	if second.Facts != withMailbox(first.Facts, second.Facts.Mailbox) || second.MidTier != first.MidTier {
		t.Errorf("got %+v, want %+v", second.Facts, first.Facts)
	}
	second.Close()
	moved := start(t, playground.Options{Dir: dir, NewPorts: true})
	if moved.Facts.Authority == first.Facts.Authority || moved.Facts.TenantID != first.Facts.TenantID {
		t.Errorf("with new ports: got %+v", moved.Facts)
	}
	moved.Close()
	reset := start(t, playground.Options{Dir: dir, Reset: true})
	if reset.Facts.TenantID == first.Facts.TenantID || reset.Facts.Password == first.Facts.Password {
		t.Errorf("after a reset: got %+v", reset.Facts)
	}
}

// withMailbox returns facts with another mailbox, whose key is new at each start.
func withMailbox(f control.Facts, mailbox string) control.Facts {
	f.Mailbox = mailbox
	return f
}

func TestStartFailsIfAnOptionCannotBeUsed(t *testing.T) {
	used := t.TempDir()
	start(t, playground.Options{Dir: used})
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	invalid := filepath.Join(t.TempDir(), "invalid.yaml")
	file := filepath.Join(t.TempDir(), "file")
	for _, path := range []string{invalid, file} {
		if err := os.WriteFile(path, []byte("userss: []"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		options playground.Options
		kind    fault.Kind
		what    string
	}{
		{
			"a directory that another playground uses", playground.Options{Dir: used},
			fault.Usage, "a sandbox is already running",
		},
		{
			"a file as directory", playground.Options{Dir: file},
			fault.Usage, "cannot use the directory " + file,
		},
		{
			"a port that has no successors", playground.Options{FirstPort: 65534},
			fault.Usage, "65534 cannot be the first of three ports",
		},
		{
			"a negative port", playground.Options{FirstPort: -1},
			fault.Usage, "-1 cannot be the first of three ports",
		},
		{
			"a seed file that does not exist", playground.Options{Seed: missing},
			fault.Usage, "the seed file " + missing + " cannot be read",
		},
		{
			"a seed file with an unknown field", playground.Options{Seed: invalid},
			fault.Usage, invalid + ", line 1: userss: is not a field; the fields are tenant, users, apps, " +
				"policies, attributes, policy, objects, keys",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := playground.Start(t.Context(), c.options)
			f := fault.As(err)
			if p != nil || f.Kind != c.kind || f.What != c.what || f.Advice() == "" {
				t.Errorf("got %v, want %q", err, c.what)
			}
		})
	}
}

func TestStartFailsIfAnotherProgramUsesAPort(t *testing.T) {
	dir := t.TempDir()
	first := start(t, playground.Options{Dir: dir})
	first.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(first.MidTier, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = playground.Start(t.Context(), playground.Options{Dir: dir})
	f := fault.As(err)
	if f.Kind != fault.Unavailable || f.Next != fault.DoMoveSandbox || !strings.Contains(f.What, port) {
		t.Errorf("got %v", err)
	}
}

func TestStartPlantsTheSeedOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seed.yaml")
	const seed = `
users:
  - {email: ada@contoso.example, name: Ada L., mfa: true, profile: {city: London}}
apps:
  - {name: my-web-app, redirectUris: ["http://localhost:3000/auth/redirect"]}
policy: false
`
	if err := os.WriteFile(path, []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p := start(t, playground.Options{Dir: dir, Seed: path})
		c, err := playground.Connect(dir, http.DefaultClient)
		if err != nil {
			t.Fatal(err)
		}
		users, err1 := c.Users(t.Context())
		apps, err2 := c.Apps(t.Context())
		policy, err3 := c.Policy(t.Context())
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if len(users) != 2 || !users[1].MFA || len(apps) != 4 || apps[3].Name != "my-web-app" || policy.On {
			t.Errorf("got %+v, %+v, %+v", users, apps, policy)
		}
		if city := p.Tenant.Profile("ada@contoso.example")["city"]; city == nil || *city != "London" {
			t.Errorf("the city is %v", city)
		}
		p.Close()
	}
}

func TestStartKeepsThePasswordWhenTheSeedIsRejected(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(path, []byte("users: [{email: no-address}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := playground.Start(t.Context(), playground.Options{Dir: dir, Seed: path})
	want := path + `, line 1: users[0].email: "no-address" is not an email address`
	if f := fault.As(err); f.Kind != fault.Usage || f.What != want {
		t.Fatalf("got %v", err)
	}
	if p := start(t, playground.Options{Dir: dir}); p.Facts.Password == "" {
		t.Error("the password is lost")
	}
}

func TestConnectFailsIfNoSandboxIsRunning(t *testing.T) {
	dir := t.TempDir()
	notRunning := func(err error) {
		t.Helper()
		f := fault.As(err)
		if f.Kind != fault.Unavailable || f.Next != fault.DoStartSandbox ||
			!strings.HasPrefix(f.What, "no sandbox is running") {
			t.Errorf("got %v", err)
		}
	}
	_, err := playground.Connect(dir, http.DefaultClient)
	notRunning(err)
	p := start(t, playground.Options{Dir: dir})
	c, err := playground.Connect(dir, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	_, err = c.Users(t.Context()) // as if the sandbox had been killed
	notRunning(playground.Fault(err))
}

func TestFaultNamesWhatTheSandboxRejects(t *testing.T) {
	p := start(t, playground.Options{Dir: t.TempDir()})
	c, err := playground.Connect(p.Dir, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.AddUser(t.Context(), control.User{Email: p.Facts.User})
	f := fault.As(playground.Fault(err))
	if f.Kind != fault.Usage || !strings.Contains(f.What, p.Facts.User) || f.Next != fault.DoCorrectArguments {
		t.Errorf("got %v", f)
	}
	if playground.Fault(nil) != nil {
		t.Error("success became a fault")
	}
}

func TestStartKnowsTheCurrentPassword(t *testing.T) {
	dir := t.TempDir()
	p := start(t, playground.Options{Dir: dir})
	c, err := playground.Connect(dir, &http.Client{Transport: p.Transport})
	if err != nil {
		t.Fatal(err)
	}
	password, err := c.ResetPassword(t.Context(), p.Facts.User, "")
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	p = start(t, playground.Options{Dir: dir})
	if p.Facts.Password != password || p.Tenant.Facts() != p.Facts {
		t.Errorf("got %q, want %q", p.Facts.Password, password)
	}
	p.Close()
	path := filepath.Join(dir, "password")
	if err := os.WriteFile(path, []byte("of another tenant"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := start(t, playground.Options{Dir: dir}); p.Facts.Password != "" {
		t.Errorf("got the wrong password %q", p.Facts.Password)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the wrong password is kept")
	}
}
