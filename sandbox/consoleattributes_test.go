package sandbox_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox/control"
)

func TestConsoleShowsAttributesAndTheirValues(t *testing.T) {
	u := openConsole(t)
	if _, body := u.get("/sandbox/attributes"); !strings.Contains(body, "There are no custom attributes.") {
		t.Errorf("got %s", body)
	}
	added := control.Attribute{Name: "Diet", Label: "Diet <now>", Input: "text", Required: true}
	diet, err := u.tenant.AddAttribute(added)
	if err != nil {
		t.Fatal(err)
	}
	points, err := u.tenant.AddAttribute(control.Attribute{Name: "Points", Type: "int64"})
	if err != nil {
		t.Fatal(err)
	}
	user := "/sandbox/users/edit/" + u.tenant.Facts().User
	if _, body := u.submit(user+"/profile", diet.Property, "vegan", points.Property, "1.5"); !strings.Contains(body,
		"Nothing was changed.") {
		t.Errorf("a fraction: got %s", body)
	}
	if res, body := u.submit(user+"/profile", diet.Property, "vegan", points.Property, "42"); res.StatusCode != 200 ||
		!strings.Contains(body, `value="vegan"`) || !strings.Contains(body, "Points (whole number)") {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	_, body := u.get("/sandbox/attributes")
	for _, want := range []string{
		"Diet &lt;now&gt;", diet.Property, "text, required", "int64", "not asked for", ">vegan<", ">42<",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s: %s", want, body)
		}
	}
	if _, body := u.submit("/sandbox/attributes/" + diet.Property + "/remove"); strings.Contains(body, "vegan") ||
		!strings.Contains(body, ">42<") {
		t.Errorf("after the removal: got %s", body)
	}
}

func TestConsoleAddsAttributes(t *testing.T) {
	u := openConsole(t)
	for _, row := range []struct {
		fields []string
		want   control.Attribute
	}{
		{
			[]string{"name", " Points ", "type", "int64"},
			control.Attribute{Name: "Points", Label: "Points", Type: "int64"},
		},
		{
			[]string{"name", "Loyalty", "label", "Loyalty number", "input", "text", "required", "on",
				"pattern", "^[0-9]$"},
			control.Attribute{
				Name: "Loyalty", Label: "Loyalty number", Type: "string",
				Input: "text", Required: true, Pattern: "^[0-9]$",
			},
		},
		{
			[]string{"name", "Diet", "description", "What to serve", "type", "string", "input", "checkboxMultiSelect",
				"options", "vegan = Vegan food\r\n\r\nno nuts"},
			control.Attribute{
				Name: "Diet", Label: "Diet", Type: "string", Description: "What to serve", Input: "checkboxMultiSelect",
				Options: []control.Option{{Value: "vegan", Label: "Vegan food"}, {Value: "no nuts", Label: "no nuts"}},
			},
		},
	} {
		_, body := u.submit("/sandbox/attributes/new", row.fields...)
		if !strings.Contains(body, "The attribute "+row.want.Label+" was added.") {
			t.Errorf("%s: got %s", row.want.Name, body)
			continue
		}
		all := u.tenant.Attributes()
		got := all[len(all)-1]
		row.want.Property = got.Property
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("got %+v, want %+v", got, row.want)
		}
	}
	_, page := u.get("/sandbox/attributes")
	for _, want := range []string{"text, required", "^[0-9]$", "What to serve", "Vegan food"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	res, body := u.submit("/sandbox/attributes/new", "name", "diet")
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "already has an attribute") {
		t.Errorf("a second attribute with the name: got %d %s", res.StatusCode, body)
	}
	if n := len(u.tenant.Attributes()); n != 3 {
		t.Errorf("the tenant has %d attributes", n)
	}
}
