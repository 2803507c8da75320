package profilecmd

import (
	"context"
	"errors"
	"strings"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/draft"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/history"
	"github.com/profilectl/profilectl/internal/profile"
)

// origin says where the change of an edit comes from.
type origin int

const (
	fromFlags origin = iota
	fromFile
	fromEditor
	fromForm
	fromHistory
)

// changeSource is where a change comes from, and the values that the command line
// or a file holds. Rules apply to what an edit changes, and that is not known before the
// profile was read. Only values that no profile can hold are rejected before.
type changeSource struct {
	from  origin
	flags profile.Change // of fromFlags
	text  []byte         // of fromFile
	draft draft.Draft    // what text holds
	undo  history.Entry  // of fromHistory
	// foreign reports whether the change names fields that are not built in. flags and
	// draft are then read with the schema of the mid-tier; see resolve.
	foreign bool
	// invalid is the fault of values of built-in fields that break a rule, unless the
	// profile has the same ones.
	invalid error
}

// properties returns the names of the properties to read before the edit, other than the
// fields.
func (s changeSource) properties() []string {
	switch s.from {
	case fromFile:
		return s.draft.ReadOnly()
	case fromEditor:
		return profile.ReadOnly() // a user may paste a whole profile
	}
	return nil
}

// needsSchema reports whether the change can only be chosen with the fields of the
// mid-tier.
func (s changeSource) needsSchema() bool {
	return s.foreign || s.from == fromEditor || s.from == fromForm
}

// resolve reads the change with the fields of the mid-tier.
func (s changeSource) resolve(o editOptions, schema profile.Schema) (_ changeSource, err error) {
	switch {
	case !s.foreign:
	case s.from == fromFlags:
		s.flags, err = o.fieldFlags(schema)
	case s.from == fromFile:
		s.draft, err = readDraft(schema, o.FromFile, s.text)
	}
	return s, err
}

// needsConfirmation reports whether the change needs the user's confirmation: they did
// not write it on the command line or in a file.
func (s changeSource) needsConfirmation() bool { return s.from >= fromEditor }

// parse reads the change from the command line and from the file that it names.
// It fails before anything is sent.
func (o editOptions) parse(ctx context.Context, env command.Env, g *command.Globals) (changeSource, error) {
	interactive := g.Facts(env).Interactive
	if err := o.SignIn.Check(); err != nil {
		return changeSource{}, err
	}
	change, err := o.fieldFlags(profile.BuiltIn())
	foreign := errors.Is(err, profile.ErrUnknown)
	if err != nil && !foreign {
		return changeSource{}, err
	}
	var given []origin
	for _, place := range []struct {
		from origin
		used bool
	}{
		{fromFlags, change != nil || foreign},
		{fromFile, o.FromFile != ""},
		{fromEditor, o.Editor},
		{fromHistory, o.Undo},
	} {
		if place.used {
			given = append(given, place.from)
		}
	}
	switch {
	case len(given) > 1:
		return changeSource{}, &fault.Error{
			Kind: fault.Usage,
			What: "the change is given in more than one way",
			Fix:  "use only one of: field flags, --from-file, --editor, --undo",
		}
	case len(given) == 0 && !interactive:
		return changeSource{}, &fault.Error{
			Kind: fault.Usage,
			What: "there is nothing to change",
			Fix: "name a field, for example `" + g.Command("profilectl edit --city Bern") +
				"`; in a terminal, edit without a field opens a form",
		}
	case len(given) == 0:
		return changeSource{from: fromForm}, nil
	case o.Editor && g.NoInput:
		return changeSource{}, &fault.Error{
			Kind: fault.Usage,
			What: "--editor and --no-input contradict each other",
			Fix:  "name the fields, or use --from-file",
		}
	case o.Undo && !interactive && !o.Yes && !o.DryRun:
		return changeSource{}, &fault.Error{
			Kind: fault.Usage,
			What: "--undo asks for confirmation, and this is not a terminal",
			Fix:  "check the change with `" + g.Command("profilectl edit --undo --dry-run") + "`, then add --yes",
		}
	case o.FromFile != "":
		return o.parseFile(ctx, env)
	}
	return changeSource{from: given[0], flags: change, foreign: foreign}.check(profile.BuiltIn(), o.FromFile)
}

// check checks the values before the profile is known.
func (s changeSource) check(schema profile.Schema, path string) (changeSource, error) {
	final := false
	switch {
	case s.from == fromFlags && len(s.flags) > 0:
		change := schema.Clean(s.flags)
		final, s.invalid = schema.Impossible(change), schema.Check(change)
	case s.from == fromFile:
		if final, s.invalid = s.draft.Check(); s.invalid != nil {
			s.invalid = inFile(inputName(path), s.invalid)
		}
	}
	if final {
		return s, s.invalid
	}
	return s, nil
}

// parseFile reads the change from the file that the command line names.
func (o editOptions) parseFile(ctx context.Context, env command.Env) (changeSource, error) {
	text, err := readFile(ctx, env, o.FromFile)
	if err != nil {
		return changeSource{}, err
	}
	d, err := readDraft(profile.BuiltIn(), o.FromFile, text)
	foreign := errors.Is(err, profile.ErrUnknown)
	if err != nil && !foreign {
		return changeSource{}, err
	}
	return changeSource{from: fromFile, text: text, draft: d, foreign: foreign}.check(profile.BuiltIn(), o.FromFile)
}

// fieldFlags returns the change that the flags of single fields describe, or nil
// if there are none. With an unknown field, it returns the change until there.
func (o editOptions) fieldFlags(schema profile.Schema) (profile.Change, error) {
	change := profile.Change{}
	for _, name := range profile.Names() {
		if value, given := o.Values[name]; given {
			if err := schema.Set(change, name, value); err != nil {
				return nil, err
			}
		}
	}
	for _, pair := range o.Set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, &fault.Error{
				Kind: fault.Usage,
				What: "the value of --set is not of the form field=value",
				Fix:  "write --set city=Bern, or --unset city to clear it",
			}
		}
		if err := onlyOnce(schema, change, name); err != nil {
			return change, err
		}
		if err := schema.Set(change, name, value); err != nil {
			return change, err
		}
	}
	for _, name := range o.Unset {
		if err := onlyOnce(schema, change, name); err != nil {
			return change, err
		}
		if err := schema.Clear(change, name); err != nil {
			return change, err
		}
	}
	if len(change) == 0 {
		return nil, nil
	}
	return change, nil
}

// onlyOnce rejects a second value for one field.
func onlyOnce(schema profile.Schema, change profile.Change, name string) error {
	f, _ := schema.Lookup(name)
	if _, given := change[f.Name]; given {
		return &fault.Error{Kind: fault.Usage, What: f.Short() + " is given twice", Fix: "give it once"}
	}
	return nil
}

// readFile reads a file or standard input.
func readFile(ctx context.Context, env command.Env, path string) ([]byte, error) {
	data, err := env.ReadInput(ctx, path, draft.Limit+1)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &fault.Error{
			Kind: fault.Usage,
			What: "cannot read " + path,
			Fix:  "check the name; - reads standard input",
			Err:  err,
		}
	}
	return data, nil
}

// readDraft reads a change from the text of a file or of standard input. With an error, the
// draft has the fields that could be read.
func readDraft(schema profile.Schema, path string, text []byte) (draft.Draft, error) {
	d, err := draft.Read(schema, text)
	if err == nil && d.Empty() {
		err = &fault.Error{
			Kind: fault.Invalid,
			What: "it names no field",
			Fix:  "write one field and its value on each line, for example city: Bern",
		}
	}
	if err != nil {
		err = inFile(inputName(path), err)
	}
	return d, err
}

// inFile adds the name of the file to an error in a draft.
func inFile(name string, err error) error {
	f := fault.As(err)
	return f.Reworded(name + ": " + f.What)
}

// inputName returns the name of a file in messages.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}
