package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

type editOptions struct {
	Values map[string]string // by the field's name; only those given
	Set    []string
	Unset  []string
	DryRun bool
	Yes    bool
	Device deviceOption
}

func (o *editOptions) bind(f *pflag.FlagSet) {
	o.Values = map[string]string{}
	for _, field := range profile.Fields() {
		f.Var(&fieldValue{values: o.Values, name: field.Name}, field.Flag, "new "+strings.ToLower(field.Label))
	}
	f.StringArrayVar(&o.Set, "set", nil, "set a field: `field=value`, may be repeated")
	f.StringArrayVar(&o.Unset, "unset", nil, "clear a `field`, may be repeated")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "show what would change and send nothing")
	o.Device.bind(f)
	f.BoolVarP(&o.Yes, "yes", "y", false, "do not ask before sending what a form changed")
}

// fieldValue keeps "not given" apart from "given empty", which a plain string
// flag cannot.
type fieldValue struct {
	values map[string]string
	name   string
}

// String returns the value given so far (pflag.Value).
func (v *fieldValue) String() string { return v.values[v.name] }

// Set takes the value as given; rules are checked later, all at once.
func (v *fieldValue) Set(s string) error { v.values[v.name] = s; return nil }

// Type is what help calls the value.
func (v *fieldValue) Type() string { return "text" }

func newEdit(env Env, g *globals) *cobra.Command {
	var o editOptions
	c := &cobra.Command{
		Use: "edit", Short: "Change your profile; asks for a second factor when policy wants it", Args: cobra.NoArgs,
		Long: `Change your profile. The change goes through the mid-tier, which a Conditional
Access policy guards: where a second factor is needed, your browser opens, and the
same edit goes on afterwards.

Without a field, in a terminal, a form opens.`,
		Example: `  profilectl edit --display-name "Ada L."
  profilectl edit --set city=Zürich --unset jobTitle
  profilectl edit --given-name Ada --dry-run`,
		RunE: func(c *cobra.Command, _ []string) error { return runEdit(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	return c
}

// change is what the flags ask for, held against the rules.
func (o editOptions) change() (profile.Change, error) {
	change := profile.Change{}
	for _, name := range profile.Names() {
		if value, given := o.Values[name]; given {
			if err := change.Set(name, value); err != nil {
				return nil, err
			}
		}
	}
	for _, pair := range o.Set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, &fault.Error{Kind: fault.Usage, What: "--set wants field=value", Fix: "write --set city=Bern, or --unset city to clear it"}
		}
		if err := once(change, name); err != nil {
			return nil, err
		}
		if err := change.Set(name, value); err != nil {
			return nil, err
		}
	}
	for _, name := range o.Unset {
		if err := once(change, name); err != nil {
			return nil, err
		}
		if err := change.Clear(name); err != nil {
			return nil, err
		}
	}
	return change, nil
}

// once refuses two wishes for one field.
func once(change profile.Change, name string) error {
	f, _ := profile.Lookup(name)
	if _, twice := change[f.Name]; twice {
		return &fault.Error{Kind: fault.Usage, What: f.Name + " is given twice", Fix: "give it once"}
	}
	return nil
}

// edited is what edit reports.
type edited struct {
	Status  string               `json:"status"` // updated, accepted, unchanged or dry-run
	Account string               `json:"account"`
	Changes []profile.Difference `json:"changes"`
}

func runEdit(ctx context.Context, env Env, g *globals, o editOptions) error {
	change, err := o.change()
	if err != nil {
		return err
	}
	form := len(change) == 0
	if form && !g.facts(env).Interactive {
		return &fault.Error{Kind: fault.Usage, What: "there is nothing to change", Fix: `name a field, as in profilectl edit --display-name "Ada L."; in a terminal, edit without a field opens a form`}
	}
	if !form {
		if err := change.Check(); err != nil {
			return err
		}
	}
	s, who, err := openAccount(ctx, env, g, sessionOptions{Device: bool(o.Device)})
	if err != nil {
		return err
	}
	before, err := s.currentValues(ctx, who)
	if err != nil {
		return err
	}
	if form {
		if change, err = s.fillForm(ctx, who, before, o); err != nil {
			return err
		}
	}
	return s.apply(ctx, who, before, change, o)
}

// apply sends what really changes, reads it back and reports.
func (s *session) apply(ctx context.Context, who auth.Account, before map[string]*string, change profile.Change, o editOptions) error {
	result := edited{Status: "unchanged", Account: who.Username, Changes: change.Diff(before)}
	switch {
	case len(result.Changes) == 0:
		result.Changes = []profile.Difference{}
		return s.printEdit(result, "Nothing to change: the profile has these values already.")
	case o.DryRun:
		result.Status = "dry-run"
		return s.printEdit(result, "Nothing was sent.")
	}
	change = change.Only(result.Changes)
	if err := s.send(ctx, who, change); err != nil {
		return err
	}
	seen, err := s.readBack(ctx, who, change)
	if err != nil || !seen {
		result.Status = "accepted"
		return s.printEdit(result, "Accepted. Microsoft Graph does not show the change yet; `profilectl show` will in a moment.")
	}
	result.Status = "updated"
	return s.printEdit(result, "Updated.")
}

// send hands the change to the mid-tier. It is the one loop between a claims
// challenge and the person who can answer it: whatever asked for a second
// factor, the same change is sent once more for the same account, and only
// once.
func (s *session) send(ctx context.Context, who auth.Account, change profile.Change) error {
	demand, err := s.update(ctx, who, nil, change)
	if err != nil || demand == nil {
		return err
	}
	demand, err = s.update(ctx, who, demand, change)
	if err == nil && demand != nil {
		return &fault.Error{
			Kind: fault.Denied, What: "the mid-tier asks for a stronger sign-in even after the second factor",
			Fix: "ask the tenant's administrator to compare the mid-tier's required authentication context with the Conditional Access policies",
		}
	}
	return err
}

// readBackDelays is the patience with Graph, which is eventually consistent.
func readBackDelays() []time.Duration {
	return []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
}

// readBack waits until Graph shows the change; a stale read is no failure.
func (s *session) readBack(ctx context.Context, who auth.Account, change profile.Change) (bool, error) {
	for _, delay := range readBackDelays() {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return false, ctx.Err()
		}
		now, err := s.currentValues(ctx, who)
		if err != nil {
			return false, err
		}
		if len(change.Diff(now)) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// currentValues reads the editable fields from Graph.
func (s *session) currentValues(ctx context.Context, who auth.Account) (map[string]*string, error) {
	me, err := s.me(ctx, who, profile.Names()...)
	if err != nil {
		return nil, err
	}
	return me.Values(), nil
}
