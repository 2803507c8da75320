package sandboxcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/sandbox/control"
)

func newToken(m manager) *cobra.Command {
	var q control.TokenRequest
	var claims []string
	c := &cobra.Command{
		Use:   "token",
		Short: "Sign a valid or broken token to test an API",
		Long: `Sign a token of a running sandbox without a sign-in, and print it. Without
flags, it is an access token for the mid-tier. Flags choose another API, user or
scope, or break the token in one way, to test that an API rejects it. With -o
json, the decoded header and claims are printed too.`,
		Example: `  profilectl sandbox token
  profilectl sandbox token --app api://orders.contoso.example \
    --scope Orders.Read --user ada@contoso.example
  profilectl sandbox token --expired
  profilectl sandbox token --alg none
  profilectl sandbox token --claim 'roles=["admin"]' --claim oid=null -o json`,
		Args: cobra.NoArgs,
		RunE: m.run(func(ctx context.Context, c *control.Client, p output.Printer, _ []string) error {
			var err error
			if q.Claims, err = parseClaims(claims); err != nil {
				return err
			}
			signed, err := c.SignToken(ctx, q)
			if err != nil {
				return err
			}
			if p.Plain() {
				_, err := fmt.Fprintln(m.env.Stdout, signed.Token)
				return err
			}
			return p.Print(signed, output.Table{})
		}),
	}
	f := c.Flags()
	f.StringArrayVar(&claims, "claim", nil, "set a claim to `name=JSON`; null removes it (repeatable)")
	bindGenuine(f, &q)
	bindBroken(f, &q)
	command.Complete(c, "app", m.apps())
	command.Complete(c, "client", m.apps())
	command.Complete(c, "user", m.users())
	command.Complete(c, "alg", command.OneOf("RS256", "RS384", "RS512", "PS256", "HS256", "none"))
	return c
}

// bindGenuine makes the flags of a token that an API accepts.
func bindGenuine(f *pflag.FlagSet, q *control.TokenRequest) {
	f.StringVar(&q.API, "app", "", "client `ID` or App ID URI of the API (default: the mid-tier)")
	f.StringVar(&q.Client, "client", "", "client `ID` of the app that requests the token")
	f.StringVar(&q.User, "user", "", "email `address` of the user")
	f.StringArrayVar(&q.Scopes, "scope", nil, "`scope` of the API (default: all granted; repeatable)")
	f.StringArrayVar(&q.Contexts, "context", nil, "satisfied authentication `context` (repeatable)")
	f.BoolVar(&q.NoMFA, "no-mfa", false, "sign-in without a second factor; only an exchange rejects it")
	f.BoolVar(&q.AppOnly, "app-only", false, "token of the client, without a user")
	f.BoolVar(&q.IDToken, "id-token", false, "ID token for the client")
	f.IntVar(&q.Version, "token-version", 0, "`version` of the token: 1 or 2 (default: the API's)")
}

// bindBroken makes the flags of a token that an API must reject.
func bindBroken(f *pflag.FlagSet, q *control.TokenRequest) {
	f.StringVar(&q.Audience, "audience", "", "`text` of the aud claim")
	f.BoolVar(&q.Expired, "expired", false, "token that expired an hour ago")
	f.BoolVar(&q.NotYetValid, "not-before", false, "token that is not valid for another hour")
	f.BoolVar(&q.WrongAudience, "wrong-audience", false, "token for another API")
	f.BoolVar(&q.WrongIssuer, "wrong-issuer", false, "token from another issuer")
	f.BoolVar(&q.WrongTenant, "wrong-tenant", false, "token of another tenant")
	f.StringVar(&q.Algorithm, "alg", "", "`algorithm`: RS256, RS384, RS512, PS256, HS256 or none (default: RS256)")
	f.BoolVar(&q.WrongKey, "wrong-key", false, "token signed with a key that is not published")
	f.BoolVar(&q.UnknownKeyID, "unknown-kid", false, "token with the ID of a key that is not published")
}

// parseClaims parses the values of --claim.
func parseClaims(assignments []string) (map[string]any, error) {
	claims := map[string]any{}
	for _, assignment := range assignments {
		name, text, ok := strings.Cut(assignment, "=")
		var value any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		err := decoder.Decode(&value)
		if !ok || name == "" || err != nil || decoder.More() {
			return nil, &fault.Error{
				Kind: fault.Usage,
				What: command.Quote(assignment) + " sets no claim",
				Fix:  `write --claim name=JSON, such as --claim 'name="Ada"'`,
				Err:  err,
			}
		}
		claims[name] = value
	}
	return claims, nil
}
