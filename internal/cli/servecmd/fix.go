package servecmd

import (
	"github.com/profilectl/profilectl/internal/cli/serveconfig"
	"github.com/profilectl/profilectl/internal/fault"
)

// forOperator words the next step of a fault for the operator of serve, whose
// settings come from other places than those of the commands for users.
func forOperator(err error) error {
	if err == nil {
		return nil
	}
	f := *fault.As(err)
	f.Fix, f.Next, f.Setting = operatorFix(&f), fault.NoAction, ""
	return &f
}

func operatorFix(f *fault.Error) string {
	fix := f.Fix
	if places := serveconfig.Places(f.Setting); places != "" {
		fix += " with " + places
	}
	var next string
	switch f.Next {
	case fault.NoAction:
	case fault.DoCheckSettings:
		next = "`profilectl serve --help` describes the settings"
	case fault.DoAllowTime: // no setting limits the start
		next = "check that nothing blocks the connection"
	default:
		next = f.Next.String()
	}
	if fix == "" || next == "" {
		return fix + next
	}
	return fix + "; " + next
}
