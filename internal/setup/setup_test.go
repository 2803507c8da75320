package setup

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func apiOf(address string) *API {
	return &API{
		Base:  address,
		HTTP:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Token: func(context.Context) (string, error) { return "token", nil },
	}
}

// secretFile is a sink in a file of dir.
func secretFile(dir string) *SecretSink {
	path := filepath.Join(dir, "secret")
	return &SecretSink{
		Written: func() (string, error) {
			raw, err := os.ReadFile(path)
			return string(raw), err
		},
		Reserve: func() error {
			if raw, _ := os.ReadFile(path); len(raw) > 0 {
				return fmt.Errorf("%s exists", path)
			}
			return nil
		},
		Write: func(secret string) error { return os.WriteFile(path, []byte(secret), 0o600) },
	}
}

func wantedIn(dir string) Wanted {
	return Wanted{Credential: Credential{Secret: secretFile(dir)}}
}

// quick returns options that wait for milliseconds only.
func quick(dir string) Options {
	return Options{
		Replication: 2 * time.Second,
		Pause:       time.Millisecond,
		Journal:     Journal{Path: filepath.Join(dir, "journal.json")},
	}
}

// apply applies and checks that nothing is left.
func apply(t *testing.T, a *API, w Wanted, o Options) Result {
	t.Helper()
	result, err := Apply(t.Context(), a, w, o)
	if err != nil {
		t.Fatal(err)
	}
	if left := Left(result.Items); len(left) > 0 {
		t.Fatalf("left to the administrator: %+v", left)
	}
	return result
}

func TestApplyCreatesEverythingAndThenNothing(t *testing.T) {
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	w := wantedIn(dir)
	w.AuthContext = "c1"
	first := apply(t, a, w, quick(dir))
	if first.Writes != len(f.writes) || first.Writes < 14 {
		t.Errorf("counted %d writes, the tenant %d", first.Writes, len(f.writes))
	}
	second := apply(t, a, w, quick(dir))
	if second.Writes != 0 {
		t.Errorf("the second run wrote: %v", f.writes[first.Writes:])
	}
	for _, item := range second.Items {
		if item.Action != Keep {
			t.Errorf("%s: %s %+v", item.ID, item.Action, item.Changes)
		}
	}
	checkCounts(t, f)
}

// checkCounts checks that the tenant has each object once.
func checkCounts(t *testing.T, f *fakeGraph) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for collection, want := range map[string]int{
		"/applications":           2,
		"/servicePrincipals":      3,
		"/oauth2PermissionGrants": 3,
		flowsPath:                 1,
	} {
		if got := len(f.store[collection]); got != want {
			t.Errorf("%s has %d objects, want %d", collection, got, want)
		}
	}
	for _, app := range f.store["/applications"] {
		if secrets, _ := app["passwordCredentials"].([]any); len(secrets) > 1 {
			t.Errorf("%v has %d secrets", app["displayName"], len(secrets))
		}
	}
}

func TestPlanOfEmptyTenantWritesNothing(t *testing.T) {
	f := newFake()
	a := f.server(t)
	tenant, err := Find(t.Context(), a, Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlan(tenant, Wanted{})
	for _, i := range p.Items {
		if i.Action != Create && i.ID != "method.email" {
			t.Errorf("%s: %s", i.ID, i.Action)
		}
	}
	if !p.Pending() || len(f.writes) != 0 {
		t.Errorf("pending %v, writes %v", p.Pending(), f.writes)
	}
}

func TestApplyWaitsForReplication(t *testing.T) {
	for _, lag := range []int{1, 3, 9} {
		f := newFake()
		f.lag = lag
		a, dir := f.server(t), t.TempDir()
		apply(t, a, wantedIn(dir), quick(dir))
		f.locked(func() { f.lag = 0 })
		checkCounts(t, f)
		if again := apply(t, a, wantedIn(dir), quick(dir)); again.Writes != 0 {
			t.Errorf("lag %d: the second run wrote %d times", lag, again.Writes)
		}
	}
}

func TestApplyRepeatsThrottledRequests(t *testing.T) {
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	f.after = func(n int) bool {
		if n%3 == 0 {
			f.busy = 1
		}
		return false
	}
	o := quick(dir)
	waits := 0
	o.Waiting = func(string) { waits++ }
	a.HTTP = retryingClient(t)
	apply(t, a, wantedIn(dir), o)
	checkCounts(t, f)
	if waits == 0 {
		t.Error("no wait was reported")
	}
}

// TestApplyContinuesAfterLostResponses loses the response of each write in turn, before
// and after its effect, and checks that the same run goes on without a duplicate.
func TestApplyContinuesAfterLostResponses(t *testing.T) {
	for n := range 18 {
		for _, executed := range []bool{false, true} {
			f := newFake()
			a, dir := f.server(t), t.TempDir()
			lost := false
			lose := func(i int) bool {
				if i != n || lost {
					return false
				}
				lost = true
				return true
			}
			if executed {
				f.after = lose
			} else {
				f.before = lose
			}
			o := quick(dir)
			o.Replication = 100 * time.Millisecond
			_, err := Apply(t.Context(), a, wantedIn(dir), o)
			if err != nil {
				_, err = Apply(t.Context(), a, wantedIn(dir), o)
			}
			if err != nil {
				t.Fatalf("write %d, executed %v: %v", n, executed, err)
			}
			checkCounts(t, f)
		}
	}
}

func TestApplyLeavesRefusedObjectsToTheAdministrator(t *testing.T) {
	for _, test := range []struct {
		refuse string
		manual string
		left   []string
	}{
		{"POST " + policiesPath, "policy", []string{"policy"}},
		{"PATCH " + emailPath, "method.email", []string{"method.email"}},
		{"GET " + flowsPath, "flow", []string{"flow", "flow.link"}},
		{"POST " + flowsPath, "flow", []string{"flow", "flow.link"}},
		{"POST /oauth2PermissionGrants", "grant.client-graph",
			[]string{"grant.client-graph", "grant.client-midtier", "grant.midtier-graph"}},
		{"POST /servicePrincipals", "midtier.principal", []string{
			"midtier.principal", "client.principal", "grant.client-graph", "grant.client-midtier",
			"grant.midtier-graph", "policy", "flow.link",
		}},
	} {
		t.Run(test.refuse, func(t *testing.T) {
			f := newFake()
			f.refuse[test.refuse] = http.StatusForbidden
			a, dir := f.server(t), t.TempDir()
			result, err := Apply(t.Context(), a, wantedIn(dir), quick(dir))
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, i := range Left(result.Items) {
				left = append(left, i.ID)
				if i.Action == Manual && (i.Step == "" || !strings.Contains(i.Reason, "403")) {
					t.Errorf("%+v", i)
				}
			}
			if fmt.Sprint(left) != fmt.Sprint(test.left) {
				t.Errorf("left: %v, want %v", left, test.left)
			}
			delete(f.refuse, test.refuse)
			apply(t, a, wantedIn(dir), quick(dir))
			checkCounts(t, f)
		})
	}
}

func TestApplyChangesOnlyTaggedObjects(t *testing.T) {
	f := newFake()
	f.store["/applications"] = []values1{
		{"id": "1", "appId": "11", "displayName": "edit-profile-service", "tags": []any{}},
		{"id": "2", "appId": "22", "displayName": "edit-profile-cli", "tags": []any{"profilectl:setup:other"}},
	}
	f.store[policiesPath] = []values1{{"id": "3", "displayName": "MFA for edit-profile-service", "state": "disabled"}}
	f.store[flowsPath] = []values1{
		{"id": "4", "displayName": "One", "description": ""}, {"id": "5", "displayName": "Two", "description": ""},
	}
	before := fmt.Sprint(f.store["/applications"], f.store[policiesPath], f.store[flowsPath])
	a, dir := f.server(t), t.TempDir()
	tenant, err := Find(t.Context(), a, wantedIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(tenant.Namesakes) != 3 {
		t.Errorf("namesakes: %+v", tenant.Namesakes)
	}
	apply(t, a, wantedIn(dir), quick(dir))
	after := fmt.Sprint(f.store["/applications"][:2], f.store[policiesPath][:1], f.store[flowsPath][:2])
	if before != after {
		t.Errorf("changed:\n%s\n%s", before, after)
	}
}

func TestApplyUsesTheOnlyUserFlow(t *testing.T) {
	f := newFake()
	f.store[flowsPath] = []values1{{"id": "4", "displayName": "Sign up", "description": ""}}
	a, dir := f.server(t), t.TempDir()
	apply(t, a, wantedIn(dir), quick(dir))
	if len(f.store[flowsPath]) != 1 || len(f.store[linksPath("4")]) != 1 {
		t.Errorf("flows: %v, links: %v", f.store[flowsPath], f.store[linksPath("4")])
	}
}
