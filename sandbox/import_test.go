package sandbox

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
	"github.com/profilectl/profilectl/sandbox/internal/directory"
)

// memoryStore counts how often a tenant is saved.
type memoryStore struct {
	state []byte
	saved int
}

func (m *memoryStore) Load() ([]byte, error) { return m.state, nil }

func (m *memoryStore) Save(state []byte) error {
	m.state, m.saved = state, m.saved+1
	return nil
}

func newTenant(t *testing.T, c Config) *Tenant {
	t.Helper()
	c.QuickPasswords = true
	tenant, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func export(t *testing.T, tenant *Tenant, keys bool) string {
	t.Helper()
	raw, err := tenant.Export(keys)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// furnished returns a tenant that uses every field of the directory.
func furnished(t *testing.T) *Tenant {
	t.Helper()
	tenant := newTenant(t, Config{Subdomain: "shop"})
	api, err := tenant.AddApp(control.App{
		Name:            "orders",
		RedirectURIs:    []string{"https://orders.example/back"},
		SPARedirectURIs: []string{"http://localhost:5173"},
		LogoutURL:       "https://shop.example/signout",
		Scopes:          []string{"Orders.Read", "Orders.Write"},
		AppIDURI:        "api://orders.example",
		TokenVersion:    2,
		Permissions:     []string{"User.ReadWrite", tenant.Facts().EditScope},
	})
	if err != nil {
		t.Fatal(err)
	}
	policy := control.Policy{Name: "all", APIs: []string{api.ID}, Contexts: []string{"c1"}}
	if _, err := tenant.AddPolicy(policy); err != nil {
		t.Fatal(err)
	}
	err = tenant.directory.Update(func(d *directory.State) error {
		app, _ := d.AppByID(api.ID)
		app.Workloads = []directory.Workload{{
			Issuer:  "https://p.example",
			Subject: "s",
			Key:     "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		}}
		app.OptionalClaims, app.IDTokenClaims = []string{"auth_time"}, []string{"login_hint"}
		ada := directory.User{
			ID:              directory.NewID(),
			Email:           "ada@contoso.example",
			Password:        d.Users[0].Password,
			Created:         time.Now(),
			MFA:             true,
			NotBefore:       time.Now(),
			PasswordChanged: time.Now(),
			Profile:         map[string]*string{"city": nil},
		}
		for property, value := range map[string]string{
			"displayName":   "Ada \U0001f600 L\u0308",
			"streetAddress": "1 Line\nAnother line\n\n  indented",
			"state":         "null",
			"postalCode":    "007",
			"jobTitle":      " # \t: '\"",
		} {
			ada.Profile[property] = &value
		}
		d.Users = append(d.Users, ada)
		d.Families["family"] = directory.Family{User: ada.ID, Generation: 2, Revoked: true, Expires: time.Now()}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func stateOf(t *testing.T, tenant *Tenant) (state map[string]any) {
	t.Helper()
	tenant.directory.View(func(d *directory.State) {
		raw, err := json.Marshal(d)
		if err == nil {
			err = json.Unmarshal(raw, &state)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	return state
}

func TestImportOfAnExportIsExact(t *testing.T) {
	from := furnished(t)
	store := &memoryStore{}
	to := newTenant(t, Config{Store: store})
	saved := store.saved
	if err := to.Import([]byte(export(t, from, true))); err != nil {
		t.Fatal(err)
	}
	if store.saved != saved+1 {
		t.Errorf("the tenant was saved %d times", store.saved-saved)
	}
	if want, got := stateOf(t, from), stateOf(t, to); !reflect.DeepEqual(want, got) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, keys := range []bool{true, false} {
		if want, got := export(t, from, keys), export(t, to, keys); want != got {
			t.Errorf("keys %v: got\n%s\nwant\n%s", keys, got, want)
		}
	}
	seeded := newTenant(t, Config{Seed: []byte(export(t, from, true))})
	if want, got := export(t, from, true), export(t, seeded, true); want != got {
		t.Errorf("a new tenant with the file as its seed: got\n%s\nwant\n%s", got, want)
	}
	if err := from.Seed([]byte(export(t, from, true))); err != nil {
		t.Errorf("a seed of the same tenant: %v", err)
	}
	if err := newTenant(t, Config{}).Seed([]byte(export(t, from, true))); err == nil {
		t.Error("a seed of another tenant was accepted")
	}
}

// TestExportKnowsEveryField fails if a type of the directory gets a field that the
// export does not write: add it to package tenantfile, to exportFile and to plan.
func TestExportKnowsEveryField(t *testing.T) {
	for name, row := range map[string]struct {
		of   any
		want int
	}{
		"State":   {directory.State{}, 17},
		"User":    {directory.User{}, 10},
		"Objects": {directory.Objects{}, 8}, // apps, policies and more, with all their fields
		"Key":     {directory.Key{}, 2},
		"Family":  {directory.Family{}, 4},
	} {
		if n := reflect.TypeOf(row.of).NumField(); n != row.want {
			t.Errorf("directory.%s has %d fields, the export knows %d", name, n, row.want)
		}
	}
}

func TestImportWithoutKeysKeepsThoseOfTheSameTenant(t *testing.T) {
	tenant := furnished(t)
	before := stateOf(t, tenant)
	if err := tenant.Import([]byte(export(t, tenant, false))); err != nil {
		t.Fatal(err)
	}
	if after := stateOf(t, tenant); !reflect.DeepEqual(before, after) {
		t.Errorf("got %v\nwant %v", after, before)
	}
	if tenant.Facts().Password == "" {
		t.Error("the password of the user, which is still the same, is forgotten")
	}
	other := newTenant(t, Config{})
	keys := stateOf(t, other)["keys"]
	if err := other.Import([]byte(export(t, tenant, false))); err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(stateOf(t, other)["keys"], keys) {
		t.Error("another tenant has the same keys")
	}
	if got := other.Facts(); got.TenantID != tenant.Facts().TenantID || got.Password != "" {
		t.Errorf("got %+v", got)
	}
}

func TestImportAndSeedChangeNothingAfterAMistake(t *testing.T) {
	from := furnished(t)
	whole := export(t, from, true)
	facts := from.Facts()
	to := newTenant(t, Config{})
	before := export(t, to, true)
	replace := func(old, replacement string) string {
		if !strings.Contains(whole, old) {
			t.Errorf("the export lacks %q", old)
		}
		return strings.Replace(whole, old, replacement, 1)
	}
	for name, row := range map[string]struct{ file, want string }{
		"a tenant id that is no GUID": {replace("id: "+facts.TenantID, "id: x"), "tenant.id: must be a GUID"},
		"a mid-tier without the scope": {
			replace("midTier: "+facts.MidTierID, "midTier: "+facts.ClientID), "tenant.midTier: no app of the file",
		},
		"a short key":      {replace("seal: ", "seal: AAAA #"), "keys.seal: must be 32 bytes"},
		"a broken key":     {replace("BEGIN PRIVATE KEY", "BEGIN KEY"), "keys.signing[0].key: "},
		"a broken hash":    {replace("pbkdf2-sha256$", "md5$"), "users[0].passwordHash: must be"},
		"an invalid email": {replace("email: casey@", "email: casey"), "users[0].email: "},
	} {
		if err := to.Import([]byte(row.file)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if export(t, to, true) != before {
			t.Errorf("%s: the tenant was changed", name)
		}
	}
	store := &memoryStore{}
	tenant := newTenant(t, Config{Store: store})
	saved := store.saved
	long := strings.Repeat("x", 129)
	const (
		ada  = "users:\n  - email: ada@contoso.example\n    "
		app  = "apps:\n  - name: x\n    "
		rule = "policies:\n  - name: x\n    "
	)
	for _, row := range [][2]string{
		{"users:\n  - email: ada", `line 2: users[0].email: "ada" is not an email`},
		{"users:\n  - name: Ada", `line 2: users[0].email: "" is not an email`},
		{ada + "password: simple", "line 3: users[0].password: the password must have"},
		{ada + "password: Aa1\n    passwordHash: x", "line 3: users[0].password: an account has"},
		{ada + "profile: {shoeSize: 44}", `line 3: users[0].profile.shoeSize: "shoeSize" is not`},
		{ada + "profile: {state: " + long + "}", "line 3: users[0].profile.state: the value of"},
		{ada + "profile: {displayName: x}\n    name: y", "line 4: users[0].name: the profile already"},
		{ada + "id: 7", "line 3: users[0].id: must be a GUID"},
		{ada + "name: A\n  - email: ADA@contoso.example", "line 4: users[1].email: ADA@contoso.example appears"},
		{"apps:\n  - redirectUris: [http://localhost]", "line 2: apps[0].name: an app needs a name"},
		{app + "redirectUris: [https://a.example, http://a.example]", "line 3: apps[0].redirectUris[1]: "},
		{app + "scopes: [a b]", "line 3: apps[0].scopes[0]: the scope"},
		{app + "scopes: [a]\n    permissions:\n      - Mail.Read", "line 5: apps[0].permissions[0]: the sandbox"},
		{rule + "apis: [api://nowhere]", "line 3: policies[0].apis[0]: the sandbox has no API"},
		{rule + "contexts: [c0]", "line 3: policies[0].contexts[0]: an authentication"},
		{"policies:\n  - name: x", "line 2: policies[0].apis: a policy needs"},
		{"policy: maybe", "line 1: policy: must be true or false"},
	} {
		file, want := row[0], row[1]
		valid := "users: [{email: valid@contoso.example}]\n"
		if strings.HasPrefix(file, "users:") {
			valid = ""
		}
		err := tenant.Seed([]byte(file + "\n" + valid))
		if err == nil || !strings.HasPrefix(err.Error(), want) || store.saved != saved {
			t.Errorf("%q: got %v, saved %d times, want %s", file, err, store.saved-saved, want)
		}
	}
	empty := &memoryStore{}
	if _, err := New(Config{Seed: []byte("policy: maybe"), Store: empty}); err == nil || empty.saved > 0 {
		t.Errorf("a new tenant with a mistake in its seed: got %v, saved %d times", err, empty.saved)
	}
}

func TestSeedAddsWhatIsMissing(t *testing.T) {
	store := &memoryStore{}
	tenant := newTenant(t, Config{Store: store})
	saved := store.saved
	file := fmt.Sprintf(`
users:
  - {email: CASEY@contoso.example, name: Not Casey}
  - {email: ada@contoso.example, password: Correct horse battery, name: Ada L., mfa: true, profile: {city: London}}
apps:
  - {name: ciam-client-app, public: true, redirectUris: [http://localhost]}
  - {name: shop, redirectUris: [http://localhost:3000], permissions: [api://orders.example/Orders.Read, %s]}
  - {name: orders, scopes: [Orders.Read], appIdUri: api://orders.example, permissions: []}
policies:
  - {name: MFA for EditProfileService, contexts: [c9]}
  - {name: orders, apis: [api://orders.example]}
policy: false
`, tenant.Facts().EditScope)
	for range 2 { // the second time, nothing is missing
		if err := tenant.Seed([]byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	if store.saved != saved+2 {
		t.Errorf("the tenant was saved %d times", store.saved-saved)
	}
	users, apps, policies := tenant.users(), tenant.apps(), tenant.Policies()
	if len(users) != 2 || users[0].Name != "Casey Jensen" || !users[1].MFA || users[1].Name != "Ada L." {
		t.Errorf("got %+v", users)
	}
	if len(apps) != 5 || len(apps[3].Permissions) != 2 || apps[4].AppIDURI != "api://orders.example" {
		t.Errorf("got %+v", apps)
	}
	if len(policies) != 2 || policies[0].On || !policies[1].On || policies[1].APIs[0] != apps[4].ID {
		t.Errorf("got %+v", policies)
	}
	if city := tenant.Profile("ada@contoso.example")["city"]; city == nil || *city != "London" {
		t.Errorf("the city is %v", city)
	}
}
