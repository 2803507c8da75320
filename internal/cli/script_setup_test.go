package cli

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

const emptyUsage = `usage:
  empty [LAG [ROLE...]]     continue the script with an empty tenant
  empty admin               the browser is that of the administrator
  empty user                the browser is that of a new customer
  empty mark                count the writes of the administrator from here
  empty writes COUNT        check the number of writes since the mark
  empty attribute NAME      define a custom attribute; its property is $ATTRIBUTE
  empty break OBJECT        break policy, consent, midtier-consent, attributes-consent, midtier or client`

// emptyCommand gives a script an empty tenant, which an administrator sets up.
func emptyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf(emptyUsage)
	}
	subcommand := ""
	if len(args) > 0 {
		subcommand = args[0]
	}
	p := stateOf(ts).empty
	switch subcommand {
	case "admin":
		ts.Setenv("SANDBOX_USER", p.Facts.Admin)
		ts.Setenv("SANDBOX_PASSWORD", p.Facts.AdminPassword)
	case "user":
		const email, password = "ada@contoso.example", "A password of Ada"
		ts.Check(p.Tenant.AddUser(email, password, "Ada"))
		ts.Setenv("SANDBOX_USER", email)
		ts.Setenv("SANDBOX_PASSWORD", password)
	case "mark":
		stateOf(ts).requests = len(p.Tenant.Requests())
	case "writes":
		checkWrites(ts, p, args[1])
	case "attribute":
		added, err := p.Tenant.AddAttribute(control.Attribute{Name: args[1], Type: "string"})
		ts.Check(err)
		ts.Setenv("ATTRIBUTE", added.Property)
	case "break":
		ts.Check(breakObject(p, args[1]))
	default:
		startEmpty(ts, args)
	}
}

// startEmpty replaces the tenant of the script by an empty one.
func startEmpty(ts *testscript.TestScript, args []string) {
	o := playground.Options{Empty: true, QuickPasswords: true}
	if len(args) > 0 {
		lag, err := time.ParseDuration(args[0])
		ts.Check(err)
		o.ReplicationLag, o.AdminRoles = lag, args[1:]
	}
	ctx, stop := context.WithCancel(context.Background())
	p, err := playground.Start(ctx, o)
	if err != nil {
		stop()
		ts.Check(err)
	}
	ts.Defer(func() {
		p.Close()
		stop()
	})
	if old, ok := ts.Value("playground").(*playground.Playground); ok {
		for name := range old.Variables() {
			ts.Setenv(name, "")
		}
	}
	for name, value := range p.Variables() {
		ts.Setenv(name, value)
	}
	ts.Setenv("PROFILECTL_AUTHORITY", "") // the script names it
	stateOf(ts).empty = p
}

// checkWrites counts the requests to Microsoft Graph that change the tenant.
func checkWrites(ts *testscript.TestScript, p *playground.Playground, want string) {
	var writes []string
	for _, r := range p.Tenant.Requests()[stateOf(ts).requests:] {
		if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1.0/") {
			writes = append(writes, r.Method+" "+r.Path)
		}
	}
	if strconv.Itoa(len(writes)) != want {
		ts.Fatalf("%d writes, want %s:\n%s", len(writes), want, strings.Join(writes, "\n"))
	}
}

// breakObject breaks one object of a setup.
func breakObject(p *playground.Playground, object string) error {
	client, midTier, second, err := registered(p)
	if err != nil {
		return err
	}
	switch object {
	case "policy":
		return p.Tenant.SwitchPolicy(p.Tenant.Policies()[0].ID, false)
	case "consent":
		return p.Tenant.SetPermissions(client)
	case "midtier-consent":
		return p.Tenant.SetPermissions(midTier)
	case "attributes-consent":
		return p.Tenant.ChangeApp(second, control.AppChange{AppRoles: []string{}})
	case "midtier":
		return p.Tenant.RemoveApp(midTier)
	case "client":
		return p.Tenant.RemoveApp(client)
	}
	return errors.New("unknown object " + object)
}

// registered returns the client IDs that a setup has registered.
func registered(p *playground.Playground) (client, midTier, attributes string, err error) {
	c := control.Client{URL: p.ControlURL, Key: p.ControlKey, HTTP: &http.Client{Transport: p.Transport}}
	apps, err := c.Apps(context.Background())
	for _, app := range apps {
		switch app.Name {
		case "edit-profile-cli":
			client = app.ID
		case "edit-profile-service":
			midTier = app.ID
		case "edit-profile-attributes":
			attributes = app.ID
		}
	}
	return client, midTier, attributes, err
}
