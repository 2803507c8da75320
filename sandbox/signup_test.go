package sandbox_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

// signUpPage is the sign-up page of a tenant that asks for an attribute of each kind.
type signUpPage struct {
	*client
	jar                                          http.CookieJar
	page                                         string
	loyalty, newsletter, points, diet, interests string // properties
}

func newSignUpPage(t *testing.T) *signUpPage {
	t.Helper()
	p := &signUpPage{client: newClient(t, sandbox.Config{}), jar: newJar(t)}
	for property, a := range map[*string]control.Attribute{
		&p.loyalty: {
			Name:     "LoyaltyNumber",
			Label:    `Loyalty "<number>"`,
			Input:    "text",
			Required: true,
			Pattern:  "^.{4,}$",
		},
		&p.newsletter: {Name: "Newsletter", Type: "boolean", Input: "checkboxSingleSelect"},
		&p.points:     {Name: "Points", Type: "int64", Input: "text"},
		&p.diet: {
			Name:    "Diet",
			Input:   "radioSingleSelect",
			Options: []control.Option{{Value: "vegan", Label: "Vegan"}, {Value: "none"}},
		},
		&p.interests: {
			Name:     "Interests",
			Input:    "checkboxMultiSelect",
			Required: true,
			Options:  []control.Option{{Value: "art"}, {Value: "music"}, {Value: strings.Repeat("x", 250)}},
		},
	} {
		added, err := p.tenant.AddAttribute(a)
		if err != nil {
			t.Fatal(err)
		}
		*property = added.Property
	}
	if _, err := p.tenant.AddAttribute(control.Attribute{Name: "Hidden"}); err != nil {
		t.Fatal(err)
	}
	_, p.page = p.open(p.jar, http.MethodGet, p.authorizeURL(readScope, "prompt", "create"), nil)
	return p
}

// submit submits the form with changes, and returns the next page.
func (p *signUpPage) submit(changes url.Values) string {
	form := url.Values{
		"tx":        {tx(p.page)},
		"email":     {"new@contoso.example"},
		"password":  {"Correct horse 9"},
		"name":      {"New <User>"},
		p.loyalty:   {"4711"},
		p.diet:      {"vegan"},
		p.interests: {"music", "art"},
	}
	maps.Copy(form, changes)
	_, next := p.post(p.jar, "sign-up", form)
	return next
}

func TestSignUpStoresCustomAttributes(t *testing.T) {
	p := newSignUpPage(t)
	for _, want := range []string{
		`>Loyalty &#34;&lt;number&gt;&#34;</label>`, `type="checkbox" value="true"`, `inputmode="numeric"`,
		`<legend>Diet`, `type="radio" value="vegan"`, `>Vegan</label>`, `>none</label>`, `>(optional)</span>`,
	} {
		if !strings.Contains(p.page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(p.page, "Hidden") {
		t.Error("the page asks for an attribute that has no input")
	}
	next := p.submit(url.Values{p.points: {"009223372036854775807"}})
	if !strings.Contains(next, `id="code-form"`) {
		t.Fatalf("got %s", next)
	}
	code := p.tenant.Mail("new@contoso.example")[0].Code
	p.post(p.jar, "code", url.Values{"tx": {tx(next)}, "code": {code}})
	profile := p.tenant.Profile("new@contoso.example")
	for property, want := range map[string]string{
		p.loyalty:     "4711",
		p.newsletter:  "false",
		p.points:      "9223372036854775807",
		p.diet:        "vegan",
		p.interests:   "art,music",
		"displayName": "New <User>",
	} {
		if got := profile[property]; got == nil || *got != want {
			t.Errorf("%s is %v, want %q", property, got, want)
		}
	}
}

func TestSignUpRejectsInvalidAttributes(t *testing.T) {
	p := newSignUpPage(t)
	long := strings.Repeat("é", 251)
	for _, row := range []struct {
		name   string
		field  string
		values []string
		want   string
	}{
		{"a required text that is missing", p.loyalty, nil, "Enter Loyalty &#34;&lt;number&gt;&#34;."},
		{"blanks", p.loyalty, []string{"  "}, "Enter Loyalty"},
		{"251 characters", p.loyalty, []string{long}, "must have at most 250 characters."},
		{"another format", p.loyalty, []string{"471"}, "does not have the required format."},
		{"a fraction", p.points, []string{"1.5"}, "Points must be a whole number."},
		{"a negative number", p.points, []string{"-1"}, "Points must be a whole number."},
		{"over 63 bits", p.points, []string{"9223372036854775808"}, "Points must be a whole number."},
		{"an unknown choice", p.diet, []string{"meat"}, "Choose from the options of Diet."},
		{"two radio buttons", p.diet, []string{"vegan", "none"}, "Choose from the options of Diet."},
		{"no required choice", p.interests, nil, "Choose Interests."},
		{"a choice twice", p.interests, []string{"art", "art"}, "Choose from the options of Interests."},
		{"choices over 250 characters", p.interests, []string{"art", strings.Repeat("x", 250)}, "Choose fewer options"},
		{"another email address", "email", []string{"x"}, "Enter a valid email address."},
	} {
		t.Run(row.name, func(t *testing.T) {
			page := p.submit(url.Values{row.field: row.values})
			if !strings.Contains(page, row.want) || !strings.Contains(page, "<title>Error: ") {
				t.Errorf("got %s", page)
			}
			if !strings.Contains(page, `value="New &lt;User&gt;"`) || strings.Contains(page, "Correct horse") {
				t.Error("the page does not keep what was typed, or shows the password")
			}
			if row.field != p.diet && !strings.Contains(page, `value="vegan" checked`) {
				t.Error("the page does not keep the choice")
			}
			if len(p.tenant.Mail("new@contoso.example")) != 0 {
				t.Error("a code was sent")
			}
		})
	}
}

func TestTenantRejectsInvalidAttributes(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const property = "extension_0123456789abcdef0123456789abcdef_A"
	options, comma := []control.Option{{Value: "a"}}, []control.Option{{Value: "a,b"}}
	for name, a := range map[string]control.Attribute{
		"text for a boolean":       {Name: "A", Type: "boolean", Input: "text"},
		"radio for an integer":     {Name: "A", Type: "int64", Input: "radioSingleSelect", Options: options},
		"radio without options":    {Name: "A", Input: "radioSingleSelect"},
		"text with options":        {Name: "A", Input: "text", Options: options},
		"an unknown input":         {Name: "A", Input: "dropdown"},
		"required without input":   {Name: "A", Required: true},
		"an option without value":  {Name: "A", Input: "radioSingleSelect", Options: []control.Option{{}}},
		"a comma":                  {Name: "A", Input: "checkboxMultiSelect", Options: comma},
		"a pattern without input":  {Name: "A", Pattern: "^a$"},
		"a pattern for a choice":   {Name: "A", Input: "radioSingleSelect", Options: options, Pattern: "^a$"},
		"a broken pattern":         {Name: "A", Input: "text", Pattern: "("},
		"a property without an id": {Name: "A", Property: "extension_A"},
		"another name":             {Name: "B", Property: property},
	} {
		if got, err := c.tenant.AddAttribute(a); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got, err := c.tenant.AddAttribute(control.Attribute{Name: "A", Property: property}); got.Property != property {
		t.Errorf("got %+v, %v", got, err)
	}
	other := strings.Replace(property, "0123", "9999", 1)
	if got, err := c.tenant.AddAttribute(control.Attribute{Name: "A", Property: other}); err == nil {
		t.Errorf("got %+v of a second app", got)
	}
}

func TestControlManagesAttributes(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	const body = `{"name":"Diet","input":"radioSingleSelect","options":[{"value":"vegan"}]}`
	if status, got := c.control(controlKey, "POST", "/attributes", body); status != 200 {
		t.Fatalf("got %d %s", status, got)
	}
	all := c.tenant.Attributes()
	if len(all) != 1 || all[0].Input != "radioSingleSelect" || all[0].Options[0].Label != "vegan" {
		t.Fatalf("got %+v", all)
	}
	if status, got := c.control(controlKey, "GET", "/attributes", ""); !strings.Contains(got, all[0].Property) {
		t.Errorf("got %d %s", status, got)
	}
	if status, got := c.control(controlKey, "POST", "/attributes", `{"name":"Diet"}`); status != 400 {
		t.Errorf("twice: got %d %s", status, got)
	}
	path := "/attributes/" + all[0].Property
	for _, want := range []int{204, 404} {
		if status, got := c.control(controlKey, "DELETE", path, ""); status != want {
			t.Errorf("got %d %s, want %d", status, got, want)
		}
	}
	_, page := c.open(newJar(t), http.MethodGet, c.authorizeURL(readScope, "prompt", "create"), nil)
	if strings.Contains(page, "Diet") {
		t.Error("the page asks for a removed attribute")
	}
}
