package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/nearest"
	"github.com/profilectl/profilectl/internal/output"
	"github.com/profilectl/profilectl/internal/profile"
)

type showOptions struct {
	Select []string
	Raw    bool
}

func (o *showOptions) bind(f *pflag.FlagSet) {
	f.StringSliceVar(&o.Select, "select", nil, "`fields` to show, for example displayName,city")
	f.BoolVar(&o.Raw, "raw", false, "print the bytes from Microsoft Graph unchanged")
}

func newShow(env Env, g *globals) *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use:   "show",
		Short: "Show your profile",
		Args:  cobra.NoArgs,
		Example: `  profilectl show
  profilectl show --select displayName,city
  profilectl show -o json --jq .displayName
  profilectl show --raw --select identities`,
		RunE: func(c *cobra.Command, _ []string) error { return runShow(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	complete(c, "select", completeList(append(profile.Names(), profile.ReadOnly()...)))
	return c
}

// readOnly are the properties that are shown with the editable ones by default.
func readOnly() []string { return []string{"id", "identities"} }

func runShow(ctx context.Context, env Env, g *globals, o showOptions) error {
	fields, err := selected(o.Select)
	if err != nil {
		return err
	}
	if o.Raw && (g.JQ != "" || g.Query != "" || g.Output != "table") {
		return &fault.Error{
			Kind: fault.Usage,
			What: "--raw cannot be combined with --output, --jq or --query",
			Fix:  "omit --raw, or the others",
		}
	}
	s, account, err := openAccount(ctx, env, g, sessionOptions{})
	if err != nil {
		return err
	}
	me, err := s.me(ctx, account, fields...)
	if err != nil {
		return err
	}
	if o.Raw {
		_, err := env.Stdout.Write(me.Raw)
		return err
	}
	return s.printer.Print(me.Only(fields...), profileTable(me, len(o.Select) == 0))
}

// selected returns Graph's names for the fields that --select names, or the
// default fields if there are none.
func selected(names []string) ([]string, error) {
	if len(names) == 0 {
		return append(profile.Names(), readOnly()...), nil
	}
	var fields []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		f, editable := profile.Lookup(name)
		switch {
		case editable:
			fields = append(fields, f.Name)
		case slices.Contains(profile.ReadOnly(), name):
			fields = append(fields, name)
		default:
			return nil, unknownField(name)
		}
	}
	return fields, nil
}

func unknownField(name string) error {
	known := append(profile.Names(), profile.ReadOnly()...)
	fix := "use --select with any of " + strings.Join(known, ", ")
	if near := nearest.To(name, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	return &fault.Error{Kind: fault.Usage, What: "unknown field " + quote(name), Fix: fix}
}

// profileTable lists the profile for a user. The sign-in address comes from
// identities, because mail is usually empty for customers.
func profileTable(me graph.Profile, whole bool) output.Table {
	table := output.Table{Columns: []string{"FIELD", "VALUE", "EDITABLE"}}
	values := me.Values()
	for _, f := range profile.Fields() {
		value, present := values[f.Name]
		if !present && !whole {
			continue
		}
		text := ""
		if value != nil {
			text = *value
		}
		table.Rows = append(table.Rows, []string{f.Name, text, "yes"})
	}
	if name := me.SignInName(); name != "" {
		table.Rows = append(table.Rows, []string{"signInName", name, "no"})
	}
	for _, name := range []string{"id", "mail", "userPrincipalName", "createdDateTime"} {
		if value := values[name]; value != nil {
			table.Rows = append(table.Rows, []string{name, *value, "no"})
		}
	}
	return table
}
