package profilecmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
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

// NewShow returns the command show.
func NewShow(env command.Env, g *command.Globals) *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use:        "show",
		SuggestFor: []string{"profile", "view", "get"},
		Short:      "Show your profile",
		Args:       cobra.NoArgs,
		Example: `  profilectl show
  profilectl show --select displayName,city
  profilectl show -o json --jq .displayName
  profilectl show --raw --select identities`,
		RunE: func(c *cobra.Command, _ []string) error { return runShow(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	command.Complete(c, "select", command.ListOf(func() []string {
		return append(shortNames(knownFields(env, g)), profile.ReadOnly()...)
	}))
	return c
}

// readOnly are the properties that are shown with the editable ones by default.
func readOnly() []string { return []string{"id", "identities"} }

func runShow(ctx context.Context, env command.Env, g *command.Globals, o showOptions) error {
	if o.Raw && (g.JQ != "" || g.Query != "" || g.Output != "table") {
		return &fault.Error{
			Kind: fault.Usage,
			What: "--raw cannot be combined with --output, --jq or --query",
			Fix:  "omit --raw, or the others",
		}
	}
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{})
	if err != nil {
		return err
	}
	schema := schemasOf(s).Read().Fields
	names, err := selected(schema, o.Select)
	if err != nil {
		return err
	}
	me, names, err := readSelected(ctx, s, account, names)
	if err != nil {
		return err
	}
	if o.Raw {
		_, err := env.Stdout.Write(me.Raw)
		return err
	}
	return s.Printer.Print(me.Only(names...), profileTable(me, schema, names))
}

// selected returns Graph's names for the fields that --select names, or the
// default fields if there are none.
func selected(schema profile.Schema, names []string) ([]string, error) {
	if len(names) == 0 {
		return append(schema.Names(), readOnly()...), nil
	}
	var fields []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		f, known := schema.Lookup(name)
		switch {
		case known:
			fields = append(fields, f.Name)
		case slices.Contains(profile.ReadOnly(), name):
			fields = append(fields, name)
		default:
			return nil, unknownField(schema, name)
		}
	}
	return fields, nil
}

func unknownField(schema profile.Schema, name string) error {
	known := append(shortNames(schema), profile.ReadOnly()...)
	fix := "use --select with any of " + strings.Join(known, ", ")
	if near := nearest.To(name, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	return &fault.Error{Kind: fault.Usage, What: "unknown field " + command.Quote(name), Fix: fix}
}

// shortNames returns the names that users see of all fields.
func shortNames(schema profile.Schema) []string {
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Short())
	}
	return names
}

// profileTable lists the profile for a user, with those fields that were read. The sign-in
// address comes from identities, because mail is usually empty for customers.
func profileTable(me graph.Profile, schema profile.Schema, read []string) output.Table {
	table := output.Table{Columns: []string{"FIELD", "VALUE", "EDITABLE"}}
	values := me.Values()
	for _, f := range schema.Fields() {
		if !slices.Contains(read, f.Name) {
			continue
		}
		text := ""
		if value := values[f.Name]; value != nil {
			text = *value
		}
		editable := "yes"
		if f.ReadOnly {
			editable = "no"
		}
		table.Rows = append(table.Rows, []string{f.Short(), text, editable})
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
