// Package profilecmd has the commands with which users sign in and show and edit their own
// profile.
package profilecmd

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
)

type editOptions struct {
	Values   map[string]string // by field name; only those that were given
	Set      []string
	Unset    []string
	FromFile string
	Editor   bool
	Undo     bool
	DryRun   bool
	Yes      bool
	SignIn   session.SignInOptions
}

func (o *editOptions) bind(f *pflag.FlagSet) {
	o.Values = map[string]string{}
	for _, field := range profile.BuiltIn().Fields() {
		f.Var(&fieldValue{values: o.Values, name: field.Name}, field.Flag, "new "+strings.ToLower(field.Label))
	}
	f.StringArrayVar(&o.Set, "set", nil, "set `field=value` (repeatable)")
	f.StringArrayVar(&o.Unset, "unset", nil, "clear a `field` (repeatable)")
	f.StringVar(&o.FromFile, "from-file", "", "read the change from a YAML or JSON `file`, or - for stdin")
	f.BoolVar(&o.Editor, "editor", false, "edit the profile in your text editor ($VISUAL or $EDITOR)")
	f.BoolVar(&o.Undo, "undo", false, "undo the last edit made from this machine")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "show what would change and send nothing")
	f.BoolVarP(&o.Yes, "yes", "y", false, "skip the confirmation")
	o.SignIn.Bind(f)
}

// fieldValue is a flag that distinguishes "not given" from "given and empty",
// which a plain string flag cannot.
type fieldValue struct {
	values map[string]string
	name   string
}

// String returns the value given so far (pflag.Value).
func (v *fieldValue) String() string { return v.values[v.name] }

// Set stores the value. All values are checked together later.
func (v *fieldValue) Set(s string) error { v.values[v.name] = s; return nil }

// Type returns the name of the value in the help.
func (v *fieldValue) Type() string { return "text" }

// NewEdit returns the command edit.
func NewEdit(env command.Env, g *command.Globals) *cobra.Command {
	var o editOptions
	c := &cobra.Command{
		Use:        "edit",
		SuggestFor: []string{"update", "set", "change"},
		Short:      "Edit your profile, with a second factor if policy requires one",
		Args:       cobra.NoArgs,
		Long: `Send a change of your profile through the mid-tier. If the tenant's Conditional
Access policy requires a second factor, your browser opens, and the edit
continues after the sign-in.

Without a change on the command line, a form opens in a terminal.

Custom attributes that the mid-tier lets you change are in the form and the
editor, and work with --set, --unset and --from-file. Their names are those of
"profilectl show"; hyphens also work: loyalty-number.`,
		Example: `  profilectl edit --display-name "Ada L."
  profilectl edit --set city=Zürich --unset jobTitle
  profilectl edit --city Bern --set loyalty-number=4711 --set newsletter=yes
  profilectl edit --given-name Ada --dry-run
  profilectl edit --editor
  profilectl show -o yaml | sed s/Basel/Bern/ | profilectl edit --from-file -
  profilectl edit --undo`,
		RunE: func(c *cobra.Command, _ []string) error { return runEdit(c.Context(), env, g, o) },
	}
	o.bind(c.Flags())
	completeFields(env, g, c)
	return c
}

// edit is what every phase of one edit needs. It does not change.
type edit struct {
	*session.Session
	account auth.Account
	options editOptions
	schema  profile.Schema // of the fields that can be changed
	version string         // of the mid-tier's schema, or "" if the change did not need it
}

// A proposal is a change that has been chosen, and what it is based on.
type proposal struct {
	change profile.Change
	base   map[string]*string // the values that the change was chosen against
	undoes string             // id of the edit in the history that it undoes, or ""
	stay   []string           // fields of that edit that cannot be undone
	// aged reports that the user was asked something since base was read, so the
	// profile may have changed in the meantime.
	aged bool
	// draft is the file in which the user wrote the change, or "". It stays until the
	// change was sent.
	draft draftFile
}

// differences returns what a proposal would change in its base.
func (e *edit) differences(p proposal) []profile.Difference { return e.schema.Diff(p.change, p.base) }

// runEdit goes through the phases of an edit: parse, read, choose the change,
// review, send, read back. Each phase takes values and returns values.
func runEdit(ctx context.Context, env command.Env, g *command.Globals, o editOptions) error {
	source, err := o.parse(ctx, env, g)
	if err != nil {
		return err
	}
	s, account, err := session.OpenAccount(ctx, env, g, session.Options{SignIn: o.SignIn})
	if err != nil {
		return cmp.Or(source.invalid, err)
	}
	e := edit{Session: s, account: account, options: o, schema: profile.BuiltIn()}

	var ahead session.TokenFuture
	if !o.DryRun {
		ahead = s.RequestEditToken(ctx, account) // while the profile is read
		defer ahead()                            // it may be saving a new refresh token
	}
	if source, ahead, err = e.prepare(ctx, source, ahead); err != nil {
		return err
	}
	var current graph.Profile
	current, e.schema, err = readFields(ctx, s, account, e.schema, source.properties()...)
	if err != nil {
		return cmp.Or(source.invalid, err)
	}

	p, ahead, err := e.choose(ctx, source, current, ahead)
	switch {
	case err != nil:
	case len(e.differences(p)) == 0:
		p.draft.remove()
		return e.report(statusUnchanged, p, false)
	case o.DryRun:
		if p.draft != "" {
			e.Say("Your text is kept. Send it with %s.", e.resumeCommand(p.draft))
		}
		return e.report(statusDryRun, p, false)
	default:
		err = e.propose(ctx, source, p, ahead)
	}
	if err != nil && p.draft != "" {
		return e.keepDraft(ctx, p.draft, err)
	}
	return err
}

// prepare completes the source with the history, and with the fields of the mid-tier if it
// needs them.
func (e *edit) prepare(
	ctx context.Context,
	source changeSource,
	ahead session.TokenFuture,
) (changeSource, session.TokenFuture, error) {
	var err error
	if source.from == fromHistory {
		if source.undo, err = e.lastEdit(); err != nil {
			return source, ahead, err
		}
		_, custom := source.undo.Reverse().Split()
		source.foreign = len(custom) > 0
	}
	if !source.needsSchema() {
		return source, ahead, nil
	}
	fields, ahead, err := e.learn(ctx, ahead)
	f := fault.As(err)
	switch {
	case err == nil:
	case source.foreign, f.Kind != fault.Invalid && f.Kind != fault.Unavailable && !e.options.DryRun:
		return source, ahead, err
	case f.Kind == fault.Invalid:
		e.Progress.Warn("%s; custom attributes cannot be edited\n  fix: %s", f.What, f.Advice())
	}
	e.schema, e.version = fields.Fields, fields.Version
	source, err = source.resolve(e.options, e.schema)
	return source, ahead, err
}

// propose shows the proposal, sends it, and reports the outcome.
func (e *edit) propose(ctx context.Context, source changeSource, p proposal, ahead session.TokenFuture) error {
	p, shown, err := e.review(ctx, source, p)
	if err != nil {
		return err
	}
	if p, err = e.send(ctx, p, ahead); err != nil {
		return err
	}
	p.draft.remove()
	return e.report(e.confirmed(ctx, p), p, shown)
}

// choose returns the change to propose. The editor and the form come after the
// step-up, so that a sign-in cannot lose what the user typed. They use up the
// token that was requested ahead: it may expire while the user types.
func (e *edit) choose(
	ctx context.Context,
	source changeSource,
	current graph.Profile,
	ahead session.TokenFuture,
) (proposal, session.TokenFuture, error) {
	values := current.Values()
	switch source.from {
	case fromHistory:
		p, err := e.undo(ctx, source.undo, values)
		return p, ahead, err
	case fromEditor, fromForm:
		if err := e.readyToSend(ctx, ahead); err != nil {
			return proposal{}, nil, err
		}
		p := proposal{base: values, aged: true}
		var err error
		if source.from == fromEditor {
			p.change, p.draft, err = e.inEditor(ctx, current)
		} else {
			p.change, err = e.inForm(ctx, current)
		}
		return p, nil, err
	case fromFile:
		change, err := source.draft.Against(values, current.Property)
		if err != nil {
			err = inFile(inputName(e.options.FromFile), err)
		}
		return proposal{change: change, base: values}, ahead, err
	}
	change := e.schema.Against(source.flags, values)
	if len(change) == 0 {
		return proposal{base: values}, ahead, nil
	}
	return proposal{change: change, base: values}, ahead, e.schema.Check(change)
}

// readyToSend gets the token for the mid-tier, with a step-up if one is needed.
func (e *edit) readyToSend(ctx context.Context, ahead session.TokenFuture) error {
	if e.options.DryRun {
		return nil
	}
	t, err := e.EditToken(ctx, e.account, ahead)
	if err == nil {
		e.WarnNotSaved(t.Token)
	}
	return err
}
