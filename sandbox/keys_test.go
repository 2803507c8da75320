package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestKeysRotate(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	before := c.tokens(readScope).AccessToken
	oldKey := tokenPart(t, before, 0)["kid"]
	if err := c.tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	if status, _ := c.graph(http.MethodGet, "/v1.0/me", before, ""); status != 200 {
		t.Errorf("a token from before the rotation: got %d", status)
	}
	newKey := tokenPart(t, c.tokens(readScope).AccessToken, 0)["kid"]
	if newKey == oldKey {
		t.Errorf("the tenant signs with the key %v, as before the rotation", newKey)
	}
	res, err := c.tenant.Client().Get(c.facts.Authority + "/discovery/v2.0/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var set struct{ Keys []map[string]any }
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil || len(set.Keys) != 3 {
		t.Errorf("got %v, %v", set, err)
	}
	published := map[any]bool{}
	for _, key := range set.Keys {
		published[key["kid"]] = true
		if key["kty"] != "RSA" || key["d"] != nil || key["n"] == "" {
			t.Errorf("got %v", key)
		}
	}
	if !published[oldKey] || !published[newKey] {
		t.Errorf("published %v; want the old key %v and the new one %v", published, oldKey, newKey)
	}
}
