// Package setupcmd has the command setup, with which an administrator sets a tenant up.
package setupcmd

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/attributes"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/setup"
)

// options are the flags of all subcommands: which tenant, who signs in, and what is
// wanted.
type options struct {
	SignIn    session.SignInOptions
	Authority string
	SignInAt  string
	ClientID  string
	CAFile    string
	// Replication is how long a run waits for Entra's replicas.
	Replication time.Duration

	Wanted     setup.Wanted
	Credential credentialOptions
	Attributes attributeOptions
}

// attributeOptions are the flags of the second application, which changes custom
// attributes.
type attributeOptions struct {
	File            string // of the mid-tier, with the attributes; empty for none
	SecretFile      string
	CertificateFile string
}

// bindAttributes adds the flags of the second application.
func (o *options) bindAttributes(f *pflag.FlagSet) {
	a := &o.Attributes
	f.StringVar(&a.File, "with-attributes", "", "let the mid-tier change the custom attributes in a `file`")
	f.StringVar(&a.SecretFile, "attributes-secret-file", "", "new `file` for the secret of the attributes application")
	f.StringVar(&a.CertificateFile, "attributes-certificate-file", "",
		"PEM `file` with the certificate of the attributes application")
}

// want completes the description of what is wanted.
func (o *options) want(env command.Env) (err error) {
	if o.Wanted.Credential, err = o.Credential.credential(env, o.Wanted.MidTierName, ""); err != nil {
		return err
	}
	a := o.Attributes
	if a.File == "" {
		return nil
	}
	if _, err := attributes.Read(a.File); err != nil {
		return err
	}
	o.Wanted.Attributes, o.Wanted.AttributesName = true, "edit-profile-attributes"
	second := o.Credential
	second.SecretFile, second.CertificateFile = a.SecretFile, a.CertificateFile
	if second.SecretFile == "-" {
		return &fault.Error{
			Kind: fault.Usage,
			What: "the secret of the second application cannot go to standard output",
			Fix:  "write it to a file with --attributes-secret-file",
		}
	}
	o.Wanted.AttributesCredential, err = second.credential(env, o.Wanted.AttributesName, "attributes-")
	return err
}

// permissions returns the permissions of the administrator that a run needs.
func (o *options) permissions() []string {
	if o.Wanted.Attributes {
		return append(setup.WriteScopes(), setup.AttributeScopes()...)
	}
	return setup.WriteScopes()
}

func (o *options) bind(f *pflag.FlagSet) {
	o.SignIn.Bind(f)
	f.StringVar(&o.Authority, "authority", "", "subdomain, tenant ID, domain or URL of the `tenant`")
	f.StringVar(&o.SignInAt, "sign-in-at", "", "`authority` for the administrator's sign-in")
	f.StringVar(&o.ClientID, "client-id", setup.DefaultClient, "client `ID` for the administrator's sign-in")
	f.StringVar(&o.CAFile, "ca-file", "", "PEM `file` with additional CA certificates to trust")
	// The variables are settings of the tenant, which have a precedence of their own.
	for _, setting := range []string{"authority", "client-id", "ca-file"} {
		command.NotFromEnvironment(f, setting)
	}
	f.StringVar(&o.Wanted.Deployment, "deployment", "default", "`name` that distinguishes several setups")
}

// bindRun adds the flags of the subcommands that write.
func (o *options) bindRun(f *pflag.FlagSet) {
	command.DurationFlag(f, &o.Replication, "replication", 3*time.Minute,
		"time to wait until Entra returns new objects")
}

// bindWanted adds the flags that describe the objects.
func (o *options) bindWanted(f *pflag.FlagSet) {
	w := &o.Wanted
	f.StringVar(&w.MidTierName, "mid-tier-name", "edit-profile-service", "display `name` of the mid-tier")
	f.StringVar(&w.ClientName, "client-name", "edit-profile-cli", "display `name` of the client")
	f.StringVar(&w.ScopeName, "scope-name", config.EditScopeName, "`name` of the mid-tier's scope")
	f.StringVar(&w.UserFlow, "user-flow", "", "`name` of the user flow to use (default: the only one)")
	f.StringVar(&w.AuthContext, "auth-context", "", "authentication `context` to create, such as c1")
	f.BoolVar(&w.PasswordChange, "with-password-change", false, "let users change their own password")
	f.BoolVar(&w.Enforce, "enforce", false, "switch the policy on (default: report-only)")
	o.Credential.bind(f)
}

// New returns the command setup.
func New(env command.Env, g *command.Globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "setup",
		Short: "Set up a tenant: app registrations, consent and policy",
		Args:  cobra.NoArgs,
		Long: `Create in a tenant what profilectl needs: the app registrations of the mid-tier
and the client, the mid-tier's credential, the admin consent, the one-time
passcode by email, the Conditional Access policy and the user flow.

An administrator signs in. Only objects with the tag of the setup are changed
or deleted. Steps that Microsoft Graph rejects are printed, to be done by hand.
See
https://github.com/profilectl/profilectl/blob/main/docs/how-to/set-up-a-tenant.md.`,
		Example: `  profilectl setup plan --authority contoso
  profilectl setup apply --authority contoso --secret-file mid-tier.secret \
    --env-file mid-tier.env
  profilectl setup destroy --authority contoso
  profilectl setup export --format az > setup.sh`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPlan(env, g), newApply(env, g), newDestroy(env, g), newExport(env))
	return c
}

// leftFault is the fault of a run that leaves steps to the administrator.
func leftFault(items []setup.Item) error {
	left := setup.Left(items)
	if len(left) == 0 {
		return nil
	}
	return &fault.Error{
		Kind: fault.Denied,
		What: plural(len(left), "step is", "steps are") + " left to do by hand",
		Fix:  "do the steps above in the portal, or run it again with the missing role or permission",
	}
}
