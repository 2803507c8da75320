package setup

import (
	"fmt"
	"net/http"
	"testing"
)

// snapshot returns the live objects of the fake.
func snapshot(f *fakeGraph) string {
	text := ""
	for _, c := range []string{
		"/applications", "/servicePrincipals", "/oauth2PermissionGrants", emailPath, policiesPath, contextsPath,
		flowsPath, linksPath("4"),
	} {
		if objects := f.store[c]; len(objects) > 0 {
			text += fmt.Sprintln(c, objects)
		}
	}
	return text
}

func TestDestroyLeavesTheTenantAsFound(t *testing.T) {
	f := newFake()
	f.store[flowsPath] = []values1{{"id": "4", "displayName": "Sign up", "description": ""}}
	f.store["/applications"] = []values1{{"id": "1", "appId": "11", "displayName": "edit-profile-cli"}}
	before := snapshot(f)
	a, dir := f.server(t), t.TempDir()
	w := wantedIn(dir)
	w.AuthContext = "c1"
	apply(t, a, w, quick(dir))
	w.AuthContext = "" // destroy finds the context by its marker
	result, err := Destroy(t.Context(), a, w, quick(dir))
	if err != nil {
		t.Fatal(err)
	}
	if left := Left(result.Items); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	if after := snapshot(f); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	deleted, err := FindDeleted(t.Context(), a, w, result.Tenant)
	if err != nil || len(deleted) != 2 {
		t.Errorf("soft-deleted: %+v, %v", deleted, err)
	}
	writes := len(f.writes)
	if _, err := Destroy(t.Context(), a, w, quick(dir)); err != nil || len(f.writes) != writes {
		t.Errorf("the second run: %v, %v", f.writes[writes:], err)
	}
	if err := Purge(t.Context(), a, deleted, quick(dir)); err != nil {
		t.Error(err)
	}
}

func TestDestroyKeepsTheRecordOfTheEmailMethod(t *testing.T) {
	f := newFake()
	a, dir := f.server(t), t.TempDir()
	apply(t, a, wantedIn(dir), quick(dir))
	f.refuse["PATCH "+emailPath] = http.StatusForbidden
	result, err := Destroy(t.Context(), a, wantedIn(dir), quick(dir))
	if err != nil {
		t.Fatal(err)
	}
	if left := Left(result.Items); len(left) != 2 || len(f.store["/applications"]) != 1 {
		t.Errorf("left: %+v, applications: %v", left, f.store["/applications"])
	}
	delete(f.refuse, "PATCH "+emailPath)
	if _, err := Destroy(t.Context(), a, wantedIn(dir), quick(dir)); err != nil {
		t.Fatal(err)
	}
	if state := f.store[emailPath][0]["state"]; state != "disabled" || len(f.store["/applications"]) != 0 {
		t.Errorf("state %v, applications %v", state, f.store["/applications"])
	}
}

// TestDestroyContinuesAfterLostResponses stops a run at each write in turn.
func TestDestroyContinuesAfterLostResponses(t *testing.T) {
	for n := range 11 {
		f := newFake()
		before := snapshot(f)
		a, dir := f.server(t), t.TempDir()
		apply(t, a, wantedIn(dir), quick(dir))
		first := len(f.writes)
		f.locked(func() { f.after = func(i int) bool { return i == first+n } })
		_, _ = Destroy(t.Context(), a, wantedIn(dir), quick(dir))
		f.locked(func() { f.after = nil })
		if _, err := Destroy(t.Context(), a, wantedIn(dir), quick(dir)); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
		if after := snapshot(f); after != before {
			t.Errorf("write %d: before:\n%s\nafter:\n%s", n, before, after)
		}
	}
}
