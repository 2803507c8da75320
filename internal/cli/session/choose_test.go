package session

import (
	"testing"

	"github.com/profilectl/profilectl/internal/auth"
)

func TestAccountsAreChosenByNameOrID(t *testing.T) {
	casey := auth.Account{ID: "02a90fac-c8d5.cd62984d", Username: "casey@contoso.com"}
	first := auth.Account{ID: "1234aaaa-0001.cd62984d", Username: "Alex"}
	second := auth.Account{ID: "1234bbbb-0002.cd62984d", Username: "alex"}
	known := []auth.Account{casey, first, second}
	for wanted, want := range map[string]auth.Account{
		"casey@contoso.com": casey,
		"CASEY@contoso.com": casey,
		casey.ID:            casey,
		"02A90FAC":          casey,
		"1234a":             first,
		second.ID:           second,
		"1234":              {}, // two accounts
		"Alex":              {}, // two accounts
		"02":                {}, // too short
		"":                  {},
		"eve@contoso.com":   {},
	} {
		got, found := FindAccount(known, wanted)
		if !found {
			got = auth.Account{}
		}
		if got != want {
			t.Errorf("%q chooses %+v, want %+v", wanted, got, want)
		}
	}
	if got, want := Choices(known), casey.Username+", "+first.ID+", "+second.ID; got != want {
		t.Errorf("the choices are %s, want %s", got, want)
	}
	if got := configKey(known, casey); got != casey.Username {
		t.Errorf("the configuration names %s", got)
	}
	if got := configKey(known, first); got != first.ID {
		t.Errorf("the configuration names %s by a name that can change", got)
	}
	again := auth.Account{ID: "55556666-0003.cd62984d", Username: casey.Username}
	if got := configKey(append(known, again), again); got != again.ID {
		t.Errorf("the configuration names %s, which two accounts have", got)
	}
}
