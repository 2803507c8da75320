package cli

import (
	"net/http"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox"
	"github.com/profilectl/profilectl/sandbox/control"
)

const tenantUsage = `usage:
  tenant fail-next PART STATUS       the next requests to PART fail with STATUS
  tenant rubbish-next PART BODY      the next requests to PART return BODY
  tenant slow-next PART DURATION     the next requests to PART take DURATION longer
  tenant reset                       forget the faults above
  tenant policy on|off               require a second factor for edits
  tenant guard graph|CONTEXT         require a second factor for Graph or an
                                     authentication context
  tenant consent on|off              give or revoke the mid-tier's consent for Graph
  tenant passwords on|off            whether the mid-tier may change passwords
  tenant revoke                      revoke the sessions of the user
  tenant remove EMAIL                delete a user
  tenant clock DURATION              move the tenant's clock
  tenant mark                        count the grants from here
  tenant asked GRANT COUNT           check the number of grants of a type
  tenant profile PROPERTY VALUE      change the user's profile
  tenant fail-once PART STATUS       one request to PART fails with STATUS
  tenant down                        stop the tenant`

// tenantCommand changes the state of the script's tenant or checks how many
// tokens it granted.
func tenantCommand(ts *testscript.TestScript, neg bool, args []string) {
	p, ok := ts.Value("playground").(*playground.Playground)
	if !ok || neg || len(args) == 0 {
		ts.Fatalf(tenantUsage)
	}
	switch args[0] {
	case "fail-next":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		failNext(p, sandbox.Fault{Part: args[1], Status: status})
	case "rubbish-next":
		failNext(p, sandbox.Fault{Part: args[1], Status: 200, Body: args[2]})
	case "slow-next":
		delay, err := time.ParseDuration(args[2])
		ts.Check(err)
		failNext(p, sandbox.Fault{Part: args[1], Delay: delay})
	case "reset":
		p.Tenant.Recover()
	case "policy":
		ts.Check(p.Tenant.SetPolicy(args[1] == "on"))
	case "guard":
		ts.Check(guard(p, args[1]))
	case "consent":
		ts.Check(p.Tenant.SetConsent(args[1] == "on"))
	case "passwords":
		permissions := []string{"User.ReadWrite"}
		if args[1] == "on" {
			permissions = append(permissions, "Directory.AccessAsUser.All")
		}
		ts.Check(p.Tenant.ChangeApp(p.Facts.MidTierID, control.AppChange{Permissions: permissions}))
	case "revoke":
		ts.Check(p.Tenant.RevokeSessions(p.Facts.User))
	case "remove":
		ts.Check(p.Tenant.RemoveUser(args[1]))
	case "clock":
		forward, err := time.ParseDuration(args[1])
		ts.Check(err)
		p.Tenant.FastForward(forward)
	case "mark":
		stateOf(ts).requests = len(p.Tenant.Requests())
	case "asked":
		checkGrants(ts, p, args[1], args[2])
	case "profile":
		ts.Check(p.Tenant.SetProfile(p.Facts.User, args[1], &args[2]))
	case "fail-once":
		status, err := strconv.Atoi(args[2])
		ts.Check(err)
		p.Tenant.FailNext(sandbox.Fault{Part: args[1], Status: status})
	case "down":
		p.Close()
	default:
		ts.Fatalf("tenant: unknown subcommand %s\n%s", args[0], tenantUsage)
	}
}

// guard adds a policy for Microsoft Graph or for an authentication context.
func guard(p *playground.Playground, target string) error {
	policy := control.Policy{Name: "MFA for " + target, On: true, Contexts: []string{target}}
	if target == "graph" {
		policy.APIs, policy.Contexts = []string{"https://graph.microsoft.com"}, nil
	}
	_, err := p.Tenant.AddPolicy(policy)
	return err
}

// failNext applies a fault to a request and all its retries.
func failNext(p *playground.Playground, f sandbox.Fault) {
	const retries = 5 // more than any client makes
	for range retries {
		p.Tenant.FailNext(f)
	}
}

// checkGrants checks how many tokens the tenant granted for a grant type since
// the mark.
func checkGrants(ts *testscript.TestScript, p *playground.Playground, grant, want string) {
	count := 0
	for _, r := range p.Tenant.Requests()[stateOf(ts).requests:] {
		if r.Grant == grant && r.Status == http.StatusOK {
			count++
		}
	}
	if strconv.Itoa(count) != want {
		ts.Fatalf("%s was granted %d times, want %s", grant, count, want)
	}
}
