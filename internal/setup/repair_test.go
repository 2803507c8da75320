package setup

import (
	"errors"
	"fmt"
	"testing"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
)

// TestPlanNamesBrokenObjects breaks one object after the other, and checks that the plan
// names it and that a run repairs it.
func TestPlanNamesBrokenObjects(t *testing.T) {
	app := func(f *fakeGraph, i int) values1 { return f.store["/applications"][i] }
	drop := func(collection string, i int) func(f *fakeGraph) {
		return func(f *fakeGraph) {
			all := f.store[collection]
			f.store[collection] = append(append([]values1{}, all[:i]...), all[i+1:]...)
		}
	}
	for _, test := range []struct {
		id     string
		change func(f *fakeGraph)
	}{
		{"midtier.app", func(f *fakeGraph) { app(f, 0)["identifierUris"] = []any{} }},
		{"midtier.app", func(f *fakeGraph) { app(f, 0)["api"].(values1)["requestedAccessTokenVersion"] = nil }},
		{"midtier.app", func(f *fakeGraph) { app(f, 0)["optionalClaims"] = nil }},
		{"midtier.app", func(f *fakeGraph) {
			scopes := app(f, 0)["api"].(values1)["oauth2PermissionScopes"].([]any)
			scopes[0].(values1)["isEnabled"] = false
		}},
		{"midtier.credential", func(f *fakeGraph) { app(f, 0)["passwordCredentials"] = []any{} }},
		{"client.app", func(f *fakeGraph) { app(f, 1)["publicClient"] = values1{"redirectUris": []any{}} }},
		{"client.app", func(f *fakeGraph) { app(f, 1)["isFallbackPublicClient"] = false }},
		{"client.app", func(f *fakeGraph) { app(f, 1)["requiredResourceAccess"] = []any{} }},
		{"grant.client-graph", drop("/oauth2PermissionGrants", 0)},
		{"grant.client-midtier", drop("/oauth2PermissionGrants", 1)},
		{"grant.midtier-graph", drop("/oauth2PermissionGrants", 2)},
		{"grant.client-graph", func(f *fakeGraph) { f.store["/oauth2PermissionGrants"][0]["scope"] = "openid" }},
		{"method.email", func(f *fakeGraph) { f.store[emailPath][0]["state"] = "disabled" }},
		{"policy", func(f *fakeGraph) { f.store[policiesPath][0]["state"] = "disabled" }},
		{"policy", func(f *fakeGraph) {
			f.store[policiesPath][0]["conditions"].(values1)["users"] = values1{"includeUsers": []any{"None"}}
		}},
		{"policy", func(f *fakeGraph) { f.store[policiesPath][0]["grantControls"] = nil }},
		{"policy", drop(policiesPath, 0)},
		{"flow.link", func(f *fakeGraph) {
			for path := range f.store {
				if len(path) > len(flowsPath) && path[:len(flowsPath)] == flowsPath {
					f.store[path] = nil
				}
			}
		}},
	} {
		f := newFake()
		a := f.server(t)
		dir := t.TempDir()
		apply(t, a, wantedIn(dir), quick(dir))
		f.locked(func() { test.change(f) })
		dir = t.TempDir() // for a new secret
		tenant, err := Find(t.Context(), a, wantedIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		var broken []string
		for _, i := range NewPlan(tenant, wantedIn(dir)).Items {
			if i.Action != Keep {
				broken = append(broken, i.ID)
			}
		}
		if fmt.Sprint(broken) != fmt.Sprint([]string{test.id}) {
			t.Errorf("the plan names %v, want %s", broken, test.id)
		}
		apply(t, a, wantedIn(dir), quick(dir))
		checkCounts(t, f)
	}
}

func TestApplyKeepsWhatAdministratorsAdded(t *testing.T) {
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	apply(t, a, wantedIn(dir), quick(dir))
	f.locked(func() {
		policy := f.store[policiesPath][0]
		policy["state"] = "enabled" // and not back to report-only mode
		conditions := policy["conditions"].(values1)
		conditions["locations"] = values1{"excludeLocations": []any{"AllTrusted"}}
		conditions["users"] = values1{"includeUsers": []any{"None"}, "excludeUsers": []any{"emergency"}}
		f.store["/oauth2PermissionGrants"][0]["scope"] = "Mail.Read openid profile offline_access"
	})
	apply(t, a, wantedIn(dir), quick(dir))
	f.locked(func() {
		policy := f.store[policiesPath][0]
		conditions := policy["conditions"].(values1)
		got := fmt.Sprintln(policy["state"], conditions["users"], conditions["locations"],
			f.store["/oauth2PermissionGrants"][0]["scope"])
		want := "enabled map[excludeUsers:[emergency] includeUsers:[All]] map[excludeLocations:[AllTrusted]] " +
			"Mail.Read openid profile offline_access User.Read\n"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestFindRejectsTwoApplicationsWithTheTag(t *testing.T) {
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	apply(t, a, wantedIn(dir), quick(dir))
	f.locked(func() { f.store["/applications"] = append(f.store["/applications"], f.store["/applications"][0]) })
	_, err := Apply(t.Context(), a, wantedIn(dir), quick(dir))
	if fault.As(err).Kind != fault.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
}

func TestSignInFaultNamesTheClient(t *testing.T) {
	for code, rejected := range map[int]bool{65002: true, 700016: true, 90094: true, 50126: false} {
		e := &aadsts.Error{OAuth: "invalid_grant", Codes: []int{code}}
		err := SignInFault(e.Fault("sign in"), DefaultClient)
		if errors.Is(err, ErrClientRejected) != rejected {
			t.Errorf("%d: %v", code, err)
		}
	}
}
