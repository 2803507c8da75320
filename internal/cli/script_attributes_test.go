package cli

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

// attributesCommand adds custom attributes to the script's tenant, and an app that may
// change them: attributes NAME:TYPE... It sets EXTENSION to what the names of the
// attributes begin with in Microsoft Graph, and the client id of serve, and writes the
// secret to the file attributes-secret.
func attributesCommand(ts *testscript.TestScript, neg bool, args []string) {
	p, ok := ts.Value("playground").(*playground.Playground)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf("usage: attributes NAME:TYPE...")
	}
	for _, arg := range args {
		name, kind, _ := strings.Cut(arg, ":")
		added, err := p.Tenant.AddAttribute(control.Attribute{Name: name, Label: name, Type: kind})
		ts.Check(err)
		ts.Setenv("EXTENSION", strings.TrimSuffix(added.Property, name))
	}
	app, err := p.Tenant.AddApp(control.App{
		Name:        "attributes",
		AppRoles:    []string{"User.ReadWrite.All"},
		Permissions: []string{},
	})
	ts.Check(err)
	ts.Setenv("PROFILECTL_SERVE_ATTRIBUTES_CLIENT_ID", app.ID)
	ts.Check(os.WriteFile(ts.MkAbs("attributes-secret"), []byte(app.Secret), 0o600))
}
