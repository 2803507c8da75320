package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/guid"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/terminal"
	"github.com/profilectl/profilectl/internal/upstream"
)

// initAnswers describe a tenant. Empty ones are asked for.
type initAnswers struct {
	Authority string `json:"authority"`
	ClientID  string `json:"clientId"`
	MidTier   string `json:"midTier"`
	EditScope string `json:"editScope"`
	CAFile    string `json:"caFile,omitempty"`
}

func (a *initAnswers) bind(f *pflag.FlagSet) {
	f.StringVar(&a.Authority, "authority", "", "subdomain, tenant ID, domain or URL of the `tenant`")
	f.StringVar(&a.ClientID, "client-id", "", "client `ID` of the public client")
	f.StringVar(&a.MidTier, "mid-tier", "", "`address` of the mid-tier")
	f.StringVar(&a.EditScope, "edit-scope", "", "`scope` of the mid-tier, or its client ID")
	f.StringVar(&a.CAFile, "ca-file", "", "PEM `file` with additional CA certificates to trust")
}

func newInit(env command.Env, g *command.Globals) *cobra.Command {
	var a initAnswers
	c := &cobra.Command{
		Use:        "init",
		SuggestFor: []string{"configure"},
		Short:      "Configure a tenant step by step",
		Args:       cobra.NoArgs,
		Long: `Ask for a tenant, its public client and its mid-tier, check each answer, and
write the configuration. Flags replace questions. The configuration names the
tenant after --tenant, or after its subdomain.`,
		Example: `  profilectl init
  profilectl init --authority contoso \
    --client-id 11111111-2222-3333-4444-555555555555 \
    --mid-tier https://profile.contoso.example \
    --edit-scope 22222222-3333-4444-5555-666666666666`,
		RunE: func(c *cobra.Command, _ []string) error { return runInit(c.Context(), env, g, a) },
	}
	a.bind(c.Flags())
	return c
}

// initializer asks for the settings of a tenant and checks them.
type initializer struct {
	env       command.Env
	globals   *command.Globals
	http      *http.Client
	asker     *terminal.Asker
	prompts   bool
	authority authority.Authority
}

func runInit(ctx context.Context, env command.Env, g *command.Globals, given initAnswers) error {
	if g.Tenant != "" {
		if err := checkTenantName(g.Tenant); err != nil {
			return err
		}
	}
	client, err := upstream.New(upstream.Config{
		CAFile:    given.CAFile,
		Timeout:   g.Timeout,
		UserAgent: command.UserAgent(),
		Log:       g.RequestLog(env),
	})
	if err != nil {
		return err
	}
	i := &initializer{env: env, globals: g, http: client, prompts: g.Facts(env).Interactive}
	i.asker = terminal.NewAsker(env.Stdin, env.Stderr, explainAnswer)
	answers := given
	for _, q := range i.questions(&answers) {
		if err := i.answer(ctx, q); err != nil {
			return err
		}
	}
	name, err := i.save(ctx, answers)
	if err != nil {
		return err
	}
	return i.report(name, answers)
}

// initQuestion asks for one setting.
type initQuestion struct {
	answer   *string
	flag     string
	optional bool
	terminal.Question
}

func (i *initializer) questions(a *initAnswers) []initQuestion {
	return []initQuestion{
		{answer: &a.Authority, flag: "authority", Question: terminal.Question{
			Label: "Tenant (subdomain, domain or URL)",
			Check: i.checkAuthority,
		}},
		{answer: &a.ClientID, flag: "client-id", Question: terminal.Question{
			Label: "Client ID of the public client",
			Check: i.checkClient,
		}},
		{answer: &a.MidTier, flag: "mid-tier", optional: true, Question: terminal.Question{
			Label: "Address of the mid-tier (empty: none yet)",
			Check: i.checkMidTier,
		}},
		{answer: &a.EditScope, flag: "edit-scope", optional: true, Question: terminal.Question{
			Label: "Client ID of the mid-tier (empty: none yet)",
			Check: i.checkScope,
		}},
	}
}

// answer checks the answer that was given as a flag, or asks for it.
func (i *initializer) answer(ctx context.Context, q initQuestion) (err error) {
	given := *q.answer
	switch {
	case given != "" || q.optional && !i.prompts:
		if *q.answer, err = q.Check(ctx, given); err == nil {
			return nil
		}
		f := *fault.As(err)
		f.What = "--" + q.flag + ": " + f.What
		return &f
	case !i.prompts:
		return &fault.Error{
			Kind: fault.Usage,
			What: "without a terminal, init needs --" + q.flag,
			Fix:  "give all answers as flags, or run it in a terminal",
		}
	}
	*q.answer, err = i.asker.Ask(ctx, q.Question)
	return err
}

// explainAnswer words the error of a check. What it says to do next is left out: the
// question follows.
func explainAnswer(err error) string {
	f := fault.As(err)
	if f.Fix == "" {
		return output.Safe(f.What)
	}
	return output.Safe(f.What + "; " + f.Fix)
}

func (i *initializer) checkAuthority(ctx context.Context, answer string) (string, error) {
	form, err := authority.Parse(answer)
	if err != nil {
		return "", err
	}
	if i.authority, err = authority.Discover(ctx, i.http, form); err != nil {
		return "", upstream.Fault(err, "cannot reach the tenant")
	}
	return form.String(), nil
}

func (i *initializer) checkClient(ctx context.Context, answer string) (string, error) {
	if !guid.Valid(answer) {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "a client ID looks like 11111111-2222-3333-4444-555555555555",
			Fix:  `copy "Application (client) ID" from the app registration`,
		}
	}
	return answer, doctor.Registered(ctx, i.http, i.authority, answer)
}

func (i *initializer) checkMidTier(ctx context.Context, answer string) (string, error) {
	if answer == "" {
		return "", nil
	}
	if err := config.Check("mid-tier", answer); err != nil {
		return "", err
	}
	return answer, doctor.MidTier(ctx, i.http, answer)
}

// checkScope returns the scope of the mid-tier with a client id, or the scope itself.
// Whether the tenant knows it shows at the first edit.
func (i *initializer) checkScope(_ context.Context, answer string) (string, error) {
	scope := answer
	if guid.Valid(answer) {
		scope = "api://" + answer + "/" + config.EditScopeName
	}
	if scope == "" {
		return "", nil
	}
	return scope, config.Check("edit-scope", scope)
}

// save writes the settings and makes the tenant the current one. It returns the name of
// the tenant.
func (i *initializer) save(ctx context.Context, a initAnswers) (string, error) {
	name := i.globals.Tenant
	if name == "" {
		host := strings.TrimPrefix(a.Authority, "https://")
		name, _, _ = strings.Cut(host, ".")
	}
	if !config.ValidTenantName(name) {
		return "", &fault.Error{
			Kind: fault.Usage,
			What: "the tenant needs a name in the configuration",
			Fix:  "choose one with --tenant, such as contoso",
		}
	}
	err := command.UpdateConfig(ctx, i.env, i.globals, func(f *config.File) error {
		for _, setting := range []struct{ name, value string }{
			{"authority", a.Authority},
			{"client-id", a.ClientID},
			{"mid-tier", a.MidTier},
			{"edit-scope", a.EditScope},
			{"ca-file", a.CAFile},
		} {
			if setting.value == "" {
				continue
			}
			if err := f.Set("tenants."+name, setting.name, setting.value); err != nil {
				return err
			}
		}
		return f.Use(name)
	})
	return name, err
}

func (i *initializer) report(name string, a initAnswers) error {
	p, err := command.NewPrinter(i.env, i.globals)
	if err != nil {
		return err
	}
	if !p.Plain() {
		return p.Print(struct {
			Tenant string `json:"tenant"`
			initAnswers
		}{name, a}, output.Table{})
	}
	next := "profilectl login"
	if i.globals.Config != "" {
		next = i.globals.Command(next)
	}
	_, err = fmt.Fprintf(i.env.Stderr, "The tenant %s is configured. Next: `%s`, then `%s`.\n",
		name, next, strings.Replace(next, "login", "doctor", 1))
	return err
}
