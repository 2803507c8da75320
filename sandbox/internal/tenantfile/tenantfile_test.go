package tenantfile_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/tenantfile"
)

// texts are hard to write in YAML.
func texts() []string {
	return []string{
		"Ada L.", "", "null", "~", "true", "1e3", "0x10", "2030-01-02", "<<", "#", "- a", "a: b", "'", `"`, `\`,
		" leading", "trailing ", "two\nlines", "ends with a break\n", "\nstarts with one", "two breaks\n\n", "\n",
		"\ttab", "a\ttab", "carriage\r\nreturn", "\x00\x01\x7f", "\u0085\u2028\u2029", "\ufeff", "Ünïcödé", "日本語",
		"e\u0301", "😀", "\U0010ffff", "-----BEGIN X-----\nAAAA\n-----END X-----\n", "---", "...", "%TAG", "@", "`",
		"?", "a #b", "a\n b\n", "x\n\ty\n", strings.Repeat("long ", 100),
	}
}

func TestFilesAreReadBackAsTheyWereWritten(t *testing.T) {
	on := false
	f := &tenantfile.File{
		Tenant: &tenantfile.Tenant{ID: "1", Subdomain: "true", MidTier: "null"},
		Policy: &on,
		Keys: &tenantfile.Keys{
			Signing: []tenantfile.SigningKey{{ID: "a", Key: "-----BEGIN\nx\n-----END\n"}},
			Seal:    []byte{0, 1, 255},
			Mailbox: "123",
			SignIns: []tenantfile.SignIn{{
				ID:         "s",
				User:       "u",
				Generation: 3,
				Revoked:    true,
				Expires:    time.Unix(0, 1).UTC(),
			}},
		},
		Apps: []tenantfile.App{{
			Name:         "app",
			RedirectURIs: texts(),
			Permissions:  []string{},
			TokenVersion: 2,
			Workloads:    []tenantfile.Workload{{Issuer: "i", Subject: "s", Key: "k"}},
		}},
		Attributes: []tenantfile.Attribute{{
			Property: "extension_x_Diet",
			Name:     "Diet",
			Type:     "string",
			Input:    "radioSingleSelect",
			Required: true,
			Options:  []tenantfile.Option{{Value: "vegan", Label: "Vegan"}},
		}},
		Policies: []tenantfile.Policy{{Name: "p", On: &on, Contexts: []string{"c1"}}},
	}
	for _, text := range texts() {
		f.Users = append(f.Users, tenantfile.User{
			Email:   text,
			MFA:     true,
			Created: time.Date(2026, 11, 28, 1, 2, 3, 4, time.UTC),
			Profile: map[string]*string{"displayName": &text, "city": nil, text + "x": &text},
		})
	}
	raw, err := tenantfile.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tenantfile.Parse(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	again, err := tenantfile.Encode(got)
	if err != nil || string(again) != string(raw) {
		t.Errorf("%v\n%s\nwritten again:\n%s", err, raw, again)
	}
	for i, u := range got.Users {
		if !reflect.DeepEqual(u, f.Users[i]) {
			t.Errorf("got %+v, want %+v", u, f.Users[i])
		}
	}
	if !reflect.DeepEqual(got.Apps, f.Apps) || !reflect.DeepEqual(got.Keys, f.Keys) ||
		!reflect.DeepEqual(got.Tenant, f.Tenant) || !reflect.DeepEqual(got.Policies, f.Policies) ||
		!reflect.DeepEqual(got.Attributes, f.Attributes) || *got.Policy {
		t.Errorf("got\n%s", again)
	}
}

func TestParseNamesTheLineAndTheField(t *testing.T) {
	const (
		fields     = "is not a field; the fields are tenant, users, apps, policies, attributes, policy, objects, keys"
		userFields = "is not a field; the fields are id, email, password, passwordHash, name, mfa, work, " +
			"roles, created, " +
			"signedOutBefore, passwordChanged, profile"
		noTime = "must be a time such as 2030-01-02T03:04:05Z"
	)
	for file, want := range map[string]string{
		"users: [":                                 "line 1: did not find expected node content",
		"- users":                                  "line 1: must be a mapping of names to values",
		"users: []\n---\n":                         "line 2: there is more than one document",
		"users: []\nuserss: []":                    "line 2: userss: " + fields,
		"users:\n  - mail: x":                      "line 2: users[0].mail: " + userFields,
		"users:\n  - email: a\n    email: b":       "line 3: users[0].email: appears twice",
		"users:\n  - email: [a]":                   "line 2: users[0].email: must be a text",
		"apps:\n  - redirectUris: a":               "line 2: apps[0].redirectUris: must be a list",
		"users:\n  - mfa: maybe":                   "line 2: users[0].mfa: must be true or false",
		"apps:\n  - tokenVersion: two":             "line 2: apps[0].tokenVersion: must be a whole number",
		"users: [{created: today}]":                "line 1: users[0].created: " + noTime,
		"keys:\n  seal: '?'":                       "line 2: keys.seal: must be base64",
		"users:\n  - profile:\n      city: {a: b}": "line 3: users[0].profile.city: must be a text",
		"users:\n  - email: !!binary AAAA":         "line 2: users[0].email: must be a text",
		"a: &a {}":                                 "line 1: a: " + fields,
	} {
		_, err := tenantfile.Parse([]byte(file))
		if _, ok := errors.AsType[*control.FileError](err); !ok || err.Error() != want {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}

func TestInvalidNamesThePlaceOfAValue(t *testing.T) {
	f, err := tenantfile.Parse([]byte("users:\n  - email: a\n    profile:\n      city: x\napps:\n  - name: b\n"))
	if err != nil {
		t.Fatal(err)
	}
	for want, steps := range map[string][]any{
		"line 2: users[0].email: is bad":        {"users", 0, "email"},
		"line 4: users[0].profile.city: is bad": {"users", 0, "profile", "city"},
		"line 6: apps[0].redirectUris: is bad":  {"apps", 0, "redirectUris"},
		"line 6: apps[0].scopes[2]: is bad":     {"apps", 0, "scopes", 2},
		"line 1: policies[0]: is bad":           {"policies", 0},
	} {
		if got := f.Invalid("is bad", steps...).Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestParseAcceptsWhatSeedsContain(t *testing.T) {
	for _, file := range []string{
		"", "# nothing\n", "users:\n", "users: []", "policy: true",
		"users:\n  - email: ada@contoso.example\n    name:\n    profile: {city: Bern, state: ~}",
		"apps:\n  - name: one\n    redirectUris: &u [http://localhost]\n  - name: two\n    redirectUris: *u\n",
	} {
		if _, err := tenantfile.Parse([]byte(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// FuzzParse checks that Parse ends without a panic, and that what it accepts
// survives Encode and Parse.
func FuzzParse(f *testing.F) {
	seed, err := os.ReadFile("testdata/tenant.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(seed))
	f.Add("a: &a [*a]")
	f.Add("users: &u\n - profile: {a: *u}")
	for _, text := range texts() {
		f.Add("users: [{email: \"" + text + "\"}]")
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := tenantfile.Parse([]byte(text))
		if err != nil {
			return
		}
		raw, err := tenantfile.Encode(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := tenantfile.Parse(raw)
		if err != nil {
			t.Fatalf("%v in\n%s", err, raw)
		}
		if again, err := tenantfile.Encode(second); err != nil || string(again) != string(raw) {
			t.Fatalf("%v\n%s\nwritten again:\n%s", err, raw, again)
		}
	})
}
