package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/draft"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
)

type editOptions struct {
	Values   map[string]string // by the field's name; only those given
	Set      []string
	Unset    []string
	FromFile string
	Editor   bool
	Undo     bool
	DryRun   bool
	Yes      bool
	Device   deviceOption
}

func (o *editOptions) bind(f *pflag.FlagSet) {
	o.Values = map[string]string{}
	for _, field := range profile.Fields() {
		f.Var(&fieldValue{values: o.Values, name: field.Name}, field.Flag, "new "+strings.ToLower(field.Label))
	}
	f.StringArrayVar(&o.Set, "set", nil, "set a field: `field=value`, may be repeated")
	f.StringArrayVar(&o.Unset, "unset", nil, "clear a `field`, may be repeated")
	f.StringVar(&o.FromFile, "from-file", "", "take the change from a `file` with YAML or JSON; - is standard input")
	f.BoolVar(&o.Editor, "editor", false, "edit the profile in your text editor ($VISUAL, $EDITOR)")
	f.BoolVar(&o.Undo, "undo", false, "take back the last edit made from here")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "show what would change and send nothing")
	f.BoolVarP(&o.Yes, "yes", "y", false, "do not ask before sending")
	o.Device.bind(f)
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
  profilectl edit --given-name Ada --dry-run
  profilectl edit --editor
  profilectl show -o yaml | sed s/Basel/Bern/ | profilectl edit --from-file -
  profilectl edit --undo`,
		RunE: func(c *cobra.Command, _ []string) error { return runEdit(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	completeFields(c)
	return c
}

// flagged is what the flags of single fields ask for.
func (o editOptions) flagged() (profile.Change, error) {
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
	if len(change) == 0 {
		return nil, nil
	}
	return change, change.Check()
}

// once refuses two wishes for one field.
func once(change profile.Change, name string) error {
	f, _ := profile.Lookup(name)
	if _, twice := change[f.Name]; twice {
		return &fault.Error{Kind: fault.Usage, What: f.Name + " is given twice", Fix: "give it once"}
	}
	return nil
}

// change is what the command line asks for, held against the rules; nil where a
// person, or the history, is yet to say.
func (o editOptions) change(env Env, interactive, noInput bool) (profile.Change, error) {
	change, err := o.flagged()
	if err != nil {
		return nil, err
	}
	sources := 0
	for _, given := range []bool{change != nil, o.FromFile != "", o.Editor, o.Undo} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return nil, &fault.Error{Kind: fault.Usage, What: "the change comes from more than one place", Fix: "use one of: flags of fields, --from-file, --editor, --undo"}
	case o.FromFile != "":
		return readDraft(env, o.FromFile)
	case o.Editor && noInput:
		return nil, &fault.Error{Kind: fault.Usage, What: "--editor needs a person, and --no-input forbids asking one", Fix: "name the fields, or use --from-file"}
	case o.Undo && !interactive && !o.Yes && !o.DryRun:
		return nil, &fault.Error{Kind: fault.Usage, What: "--undo asks before it sends, and nobody can be asked here", Fix: "add --yes, after looking at `profilectl edit --undo --dry-run`"}
	case sources == 0 && !interactive:
		return nil, &fault.Error{Kind: fault.Usage, What: "there is nothing to change", Fix: `name a field, as in profilectl edit --display-name "Ada L."; in a terminal, edit without a field opens a form`}
	}
	return change, nil
}

// readDraft reads a change from a file, or from standard input.
func readDraft(env Env, path string) (profile.Change, error) {
	cannot := func(err error) error {
		return &fault.Error{Kind: fault.Usage, What: "cannot read " + path, Fix: "check the name; - reads standard input", Err: err}
	}
	in, name := env.Stdin, "standard input"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, cannot(err)
		}
		defer f.Close()
		in, name = f, path
	}
	data, err := io.ReadAll(io.LimitReader(in, draft.Limit+1))
	if err != nil {
		return nil, cannot(err)
	}
	change, err := draft.Read(data)
	if err == nil && len(change) == 0 {
		err = &fault.Error{Kind: fault.Invalid, What: "it names no field", Fix: "write a field and its value on each line, as city: Bern"}
	}
	if err != nil {
		f := fault.As(err)
		return nil, &fault.Error{Kind: f.Kind, What: name + ": " + f.What, Fix: f.Fix, Err: f}
	}
	return change, nil
}

// edit is one edit on its way.
type edit struct {
	*session
	who       auth.Account
	options   editOptions
	before    map[string]*string // what the change is based on
	undoes    string             // the edit in the history that is taken back
	previewed bool               // the person has seen the difference
}

func runEdit(ctx context.Context, env Env, g *globals, o editOptions) error {
	change, err := o.change(env, g.facts(env).Interactive, g.NoInput)
	if err != nil {
		return err
	}
	s, who, err := openAccount(ctx, env, g, sessionOptions{Device: bool(o.Device)})
	if err != nil {
		return err
	}
	e := &edit{session: s, who: who, options: o}
	if e.before, err = e.read(ctx); err != nil {
		return err
	}
	switch {
	case o.Undo:
		change, err = e.undo(ctx)
	case o.Editor:
		change, err = e.inEditor(ctx)
	case change == nil:
		change, err = e.inForm(ctx)
	}
	if err != nil {
		return err
	}
	return e.apply(ctx, change)
}
