package setup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/fault"
)

// AdministratorAuthority returns where administrators of a tenant sign in. Customers do so
// at ciamlogin.com, administrators at login.microsoftonline.com. A tenant with another
// issuer, such as the sandbox, has one page for both.
func AdministratorAuthority(tenant authority.Authority, form authority.Form) authority.Form {
	const customers, administrators = ".ciamlogin.com/", "login.microsoftonline.com"
	if strings.Contains(tenant.Issuer, customers) {
		return authority.Form{Host: administrators, Tenant: tenant.TenantID}
	}
	return form
}

// FullScopes returns permissions as scopes of Microsoft Graph.
func FullScopes(permissions []string) []string {
	var scopes []string
	for _, p := range permissions {
		scopes = append(scopes, "https://graph.microsoft.com/"+p)
	}
	return scopes
}

// Tokens returns a func that returns access tokens of a signed-in administrator, and
// renews them without the browser.
func Tokens(client *auth.Client, account auth.Account, permissions []string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		t, ch, err := client.Silent(ctx, account, FullScopes(permissions), nil)
		if err == nil && ch != nil {
			err = &fault.Error{
				Kind: fault.StepUp,
				What: "a policy of the tenant requires a stronger sign-in of the administrator",
				Fix:  "run it again and complete the second factor",
			}
		}
		return t.Access, err
	}
}

// ErrClientRejected is the cause of the fault of a sign-in whose client may not request
// the permissions of the setup.
var ErrClientRejected = errors.New("setup: the tenant rejects the client of the sign-in")

// rejecting are the codes of Entra for a client that may not have the permissions, is not
// consented to, or is unknown to the tenant.
func rejecting() []int { return []int{65001, 65002, 65004, 90094, 700016, 7000112, 500011, 50105} }

// SignInFault explains the failed sign-in of an administrator. If the client is the
// reason, the fault wraps ErrClientRejected.
func SignInFault(err error, clientID string) error {
	f := fault.As(err)
	e, ok := errors.AsType[*aadsts.Error](err)
	if !ok || !slices.ContainsFunc(e.Codes, func(code int) bool { return slices.Contains(rejecting(), code) }) {
		return err
	}
	rejected := f.Reworded("the tenant does not let the client " + clientID + " set it up: " + f.What)
	rejected.Kind = fault.Denied
	rejected.Next = fault.NoAction
	rejected.Fix = "register an application for the setup (public client, redirect URI http://localhost, " +
		"delegated permissions of Microsoft Graph: " + strings.Join(WriteScopes(), ", ") + ") and use its client ID"
	rejected.Err = errors.Join(ErrClientRejected, f)
	return rejected
}
