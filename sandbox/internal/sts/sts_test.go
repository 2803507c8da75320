package sts

import (
	"reflect"
	"testing"
	"time"

	"github.com/profilectl/profilectl/sandbox/control"
)

// TestForgetKeepsNothingOfTheTenant checks all fields that hold something of the tenant, also
// those that are added later.
func TestForgetKeepsNothingOfTheTenant(t *testing.T) {
	s := New(Config{Now: time.Now})
	s.transactions["id"] = &transaction{}
	s.sessions["cookie"] = session{}
	s.participate(authentication{Session: "sid"}, "client")
	s.codes["code"] = &authorizationCode{}
	s.devices["code"] = &device{}
	s.failures["ada@contoso.example"] = 1
	s.mail = []control.Message{{}}
	lengths := func() map[string]int {
		all := map[string]int{}
		value := reflect.ValueOf(s).Elem()
		for i := range value.NumField() {
			if f := value.Field(i); f.Kind() == reflect.Map || f.Kind() == reflect.Slice {
				all[value.Type().Field(i).Name] = f.Len()
			}
		}
		return all
	}
	for name, n := range lengths() {
		if n == 0 {
			t.Errorf("the test puts nothing into %s", name)
		}
	}
	s.Forget()
	for name, n := range lengths() {
		if n != 0 {
			t.Errorf("%d of %s are left", n, name)
		}
	}
}
