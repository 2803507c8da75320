package session

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

func TestAccountListKeepsConcurrentSignIns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "accounts.json")
	const tenants, users = 4, 5
	list := func(tenant int) accountList { return accountList{path: path, key: fmt.Sprint(tenant)} }
	var all sync.WaitGroup
	for i := range tenants * users {
		all.Go(func() {
			if err := list(i%tenants).add(t.Context(), fmt.Sprintf("user-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range tenants {
		if got := list(i).Names(); len(got) != users {
			t.Errorf("tenant %d has %d of %d names", i, len(got), users)
		}
	}
}
