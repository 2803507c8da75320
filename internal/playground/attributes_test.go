package playground_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
)

const attributesFile = `attributes:
- {name: extension_0123456789abcdef0123456789abcdef_Diet, label: Diet, type: choice, edit: true,
   values: [{value: vegan, label: Vegan}]}
- {name: extension_0123456789abcdef0123456789abcdef_Points, label: Points, type: integer}
`

// TestKeptTenantFollowsTheAttributesFile starts a tenant without attributes, with some, with
// other labels, and with attributes that it cannot have.
func TestKeptTenantFollowsTheAttributesFile(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "attributes.yaml")
	o := playground.Options{Dir: dir, QuickPasswords: true}
	start := func(content string) (*playground.Playground, error) {
		if content != "" {
			o.Attributes = file
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := playground.Start(t.Context(), o)
		if err == nil {
			p.Close()
		}
		return p, err
	}
	if p, err := start(""); err != nil || p.Facts.AttributesID != "" || len(p.Tenant.Attributes()) != 0 {
		t.Fatalf("without a file: %v", err)
	}
	first, err := start(attributesFile)
	if err != nil || first.Facts.AttributesID == "" {
		t.Fatalf("with a file: %v", err)
	}
	renamed := `attributes:
- {name: extension_0123456789abcdef0123456789abcdef_Diet, label: Food, type: string, max: 20, edit: true}
`
	p, err := start(renamed)
	if err != nil || p.Facts.AttributesID != first.Facts.AttributesID {
		t.Fatalf("the app was not kept: %v", err)
	}
	all := p.Tenant.Attributes()
	if len(all) != 2 || all[0].Label != "Food" ||
		all[0].Input != "text" || all[0].Pattern != "^.{0,20}$" || all[1].Input != "" {
		t.Errorf("got %+v", all)
	}
	for _, impossible := range []string{
		"attributes:\n- {name: extension_0123456789abcdef0123456789abcdef_Diet, label: Diet, type: boolean}\n",
		"attributes:\n- {name: extension_9999999999abcdef0123456789abcdef_Other, label: Other, type: string}\n",
	} {
		if _, err := start(impossible); err == nil || fault.As(err).Kind != fault.Usage || fault.As(err).Fix == "" {
			t.Errorf("got %v", err)
		}
	}
}
