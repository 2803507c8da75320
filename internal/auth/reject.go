package auth

import (
	"context"
	"errors"

	"github.com/profilectl/profilectl/internal/fault"
)

// rejected returns the fault of an interactive sign-in that failed with err. The user
// has just signed in, so advice to sign in, or to do so where a browser can be opened,
// would lead in a circle. A fault with other advice stays the same.
func rejected(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	const ask = "ask the tenant's administrator and give the correlation id"
	switch f.Next {
	case fault.DoSignIn:
		return withFix(f, "run the command again; if it fails again, "+ask)
	case fault.DoStepUp:
		return withFix(f, "set up or confirm the second factor on the sign-in page; if the page did not ask, "+ask)
	default:
		return f
	}
}

// withFix returns a copy of a fault whose Next is replaced by words.
func withFix(f *fault.Error, fix string) *fault.Error {
	changed := *f
	changed.Next = fault.NoAction
	if f.Fix != "" {
		fix = f.Fix + ", then " + fix
	}
	changed.Fix = fix
	return &changed
}

// notOpened returns the fault of a sign-in whose page could not be shown. A fault
// explains itself already.
func notOpened(ctx context.Context, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if ctx.Err() != nil {
		return canceled(err)
	}
	return &fault.Error{
		Kind: fault.Unavailable,
		What: "the sign-in page could not be opened",
		Next: fault.DoOpenPage,
		Err:  err,
	}
}
