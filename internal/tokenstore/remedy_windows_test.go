package tokenstore

import (
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/profilectl/profilectl/internal/fault"
)

func TestExplainKnowsTheErrorsOfTheCredentialManager(t *testing.T) {
	for _, test := range []struct {
		err  error
		what string
		fix  string
		next fault.Action
	}{
		{
			err:  windows.ERROR_NOT_ENOUGH_MEMORY,
			what: "the Credential Manager of Windows is full",
			fix:  "remove credentials",
			next: fault.DoUsePlainFile,
		},
		{
			err:  windows.ERROR_NO_SUCH_LOGON_SESSION,
			what: "there is no keyring in this session",
			fix:  "not over SSH",
			next: fault.DoUsePlainFile,
		},
		{
			err:  windows.RPC_X_BAD_STUB_DATA,
			what: "the keyring is locked or unusable",
			fix:  "sign out of Windows",
		},
	} {
		f := fault.As(explain(test.err))
		if f.What != test.what || !strings.Contains(f.Fix, test.fix) || f.Next != test.next {
			t.Errorf("%v: got %q, %q, %v", test.err, f.What, f.Fix, f.Next)
		}
	}
}
