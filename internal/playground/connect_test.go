package playground_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/playground"
	"github.com/profilectl/profilectl/sandbox/control"
)

func TestFaultIsUnavailableIfTheTenantCannotBeStored(t *testing.T) {
	const what = "the tenant cannot be stored: the disk is full"
	for name, err := range map[string]error{
		"a running sandbox": &control.Error{Status: http.StatusInternalServerError, Message: what},
		"a stopped sandbox": &control.StorageError{Err: errors.New("the disk is full")},
	} {
		f := fault.As(playground.Fault(err))
		if f.Kind != fault.Unavailable || f.What != what || f.Advice() == "" {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}
