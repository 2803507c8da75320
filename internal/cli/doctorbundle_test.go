package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/playground"
)

// machine is a home directory and an environment with a sandbox.
type machine struct {
	playground *playground.Playground
	variables  map[string]string
	dir        string
	env        command.Env
	out        *bytes.Buffer
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	p, err := playground.Start(t.Context(), playground.Options{QuickPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	m := &machine{playground: p, variables: p.Variables(), dir: t.TempDir(), out: &bytes.Buffer{}}
	for _, name := range []string{"PROFILECTL_CONFIG_DIR", "PROFILECTL_STATE_DIR"} {
		m.variables[name] = m.dir
	}
	if err := os.Mkdir(filepath.Join(m.dir, "ring"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.env = command.System()
	m.env.Stdin, m.env.Stdout, m.env.Stderr = strings.NewReader(""), m.out, m.out
	m.env.Keyring = fileKeyring(filepath.Join(m.dir, "ring"))
	m.env.Getenv = func(name string) string { return m.variables[name] }
	m.env.Environ = func() (all []string) {
		for name, value := range m.variables {
			all = append(all, name+"="+value)
		}
		return all
	}
	robot := p.NewRobot(func(err error) {
		if !errors.Is(err, context.Canceled) { // the command has ended, and the last page does not matter
			t.Error(err)
		}
	})
	m.env.OpenBrowser = robot.Open
	return m
}

// run runs a command and returns its exit code.
func (m *machine) run(t *testing.T, args ...string) int {
	t.Helper()
	m.out.Reset()
	return Main(t.Context(), m.env, args)
}

// forms returns what a value may look like in a file.
func forms(value string) []string {
	all := []string{
		value, url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)),
		html.EscapeString(value), strconv.QuoteToASCII(value),
	}
	for shift := range 3 { // base64 of a text that contains the value, without its ends
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			raw := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
			if start, end := (shift*8+5)/6, len(raw)-4; end > start+4 {
				all = append(all, raw[start:end])
			}
		}
	}
	return all
}

// storedTokens returns the access tokens, the refresh tokens and the ID tokens of the
// account that is signed in.
func storedTokens(t *testing.T, m *machine) []string {
	t.Helper()
	g := &command.Globals{Output: "json", Timeout: time.Minute}
	s, err := session.Open(t.Context(), m.env, g, session.Options{Discovery: session.DiscoverNever})
	if err != nil {
		t.Fatal(err)
	}
	var stored rawCache
	if err := s.Store.Replace(t.Context(), &stored, cache.ReplaceHints{}); err != nil {
		t.Fatal(err)
	}
	var sections map[string]map[string]struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(stored, &sections); err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for _, kind := range []string{"AccessToken", "RefreshToken", "IdToken"} {
		if len(sections[kind]) == 0 {
			t.Fatalf("no %s is stored", kind)
		}
		for _, entry := range sections[kind] {
			tokens = append(tokens, entry.Secret)
		}
	}
	return tokens
}

// rawCache is the cache of MSAL as it is stored.
type rawCache []byte

// Unmarshal keeps the cache.
func (c *rawCache) Unmarshal(data []byte) error {
	*c = data
	return nil
}

// pieces returns a text in pieces, so that a part of it is found, too.
func pieces(text string) (all []string) {
	const size = 24
	for len(text) >= size {
		all = append(all, text[:size])
		text = text[size:]
	}
	return all
}

// leaked returns a piece of the tokens that a content has in any form, or an empty string.
func leaked(content string, tokens []string) string {
	content = strings.ToLower(content)
	for _, token := range tokens {
		for _, piece := range pieces(token) {
			for _, form := range forms(piece) {
				if strings.Contains(content, strings.ToLower(form)) {
					return form
				}
			}
		}
	}
	return ""
}

// TestBundleHoldsNoSecrets puts a value that occurs nowhere else in every place that
// could end up in a bundle.
func TestBundleHoldsNoSecrets(t *testing.T) {
	m := newMachine(t)
	facts := m.playground.Facts
	if code := m.run(t, "login", "--with-edit"); code != 0 {
		t.Fatalf("login: %d: %s", code, m.out)
	}
	secrets := map[string]string{
		"user":          facts.User,
		"password":      facts.Password,
		"tenant id":     facts.TenantID,
		"client id":     facts.ClientID,
		"mid-tier id":   facts.MidTierID,
		"secret":        facts.MidTierSecret,
		"name":          "Casey Jensen",
		"directory":     m.dir,
		"a variable":    "canary-of-a-variable",
		"a proxy":       "canary-of-a-proxy",
		"a tenant name": "canary-tenant",
		"an account":    "canary@account.example",
		"a terminal":    "canary of a terminal",
	}
	m.variables["SECRET"], m.variables["LANG"] = secrets["a variable"], secrets["a terminal"]
	m.variables["NO_PROXY"] = secrets["a proxy"] + ",localhost"
	for _, name := range []string{"authority", "client-id", "edit-scope"} {
		value := m.variables["PROFILECTL_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))]
		if code := m.run(t, "config", "set", "-t", secrets["a tenant name"], name, value); code != 0 {
			t.Fatalf("config: %s", m.out)
		}
	}
	tokens := storedTokens(t, m)
	for _, encoded := range []string{
		tokens[0], base64.StdEncoding.EncodeToString([]byte("{" + tokens[1])), hex.EncodeToString([]byte(tokens[2])),
	} {
		if leaked("before "+encoded+" after", tokens) == "" {
			t.Fatal("the test does not find a token")
		}
	}
	for i, args := range [][]string{
		{"doctor"},
		{"doctor", "--serve"},
		{"doctor", "--serve", "--client-id", "canary-tenant"},
		{"doctor", "-t", secrets["a tenant name"]},
		{"doctor", "--account", secrets["an account"]},
		{"doctor", "--config", "/canary-tenant/nothing"},
	} {
		path := filepath.Join(t.TempDir(), "report.zip")
		code := m.run(t, append(args, "--bundle", path, "--yes")...)
		if !strings.Contains(m.out.String(), "Written to "+path) {
			t.Fatalf("%v ended with %d: %s", args, code, m.out)
		}
		content := unzip(t, path)
		if form := leaked(content, tokens); form != "" {
			t.Errorf("%v: the bundle holds a part of a token as %q", args, form)
		}
		for what, secret := range secrets {
			for _, form := range forms(secret) {
				if strings.Contains(strings.ToLower(content), strings.ToLower(form)) {
					t.Errorf("%v: the bundle holds %s as %q:\n%s", args, what, form, content)
				}
			}
		}
		if i == 0 && !strings.Contains(content, `"id": "mfa.enforced"`) {
			t.Errorf("the bundle lacks the checks:\n%s", content)
		}
	}
}

// unzip returns the content of an archive's files.
func unzip(t *testing.T, path string) string {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var all strings.Builder
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(f.Name + "\n")
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
