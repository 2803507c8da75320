package profilecmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/draft"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// inEditor lets the user change a draft in their editor. A draft that breaks a rule
// is opened again with an explanation above it. If the user closes that without a
// change, the edit is canceled. It returns the change and the draft's file, which
// stays until the change was sent, also if an error is returned.
func (e *edit) inEditor(ctx context.Context, current graph.Profile) (profile.Change, draftFile, error) {
	file, err := newDraftFile(e.Paths.State)
	if err != nil {
		return nil, file, err
	}
	text := draft.Template(e.schema, e.account.Username, current.Values())
	for first := true; ; first = false {
		edited, waited, err := e.editText(ctx, file, text)
		if err != nil {
			return nil, file, err
		}
		if first && !waited {
			return nil, file, errEditorDidNotWait()
		}
		unchanged := bytes.Equal(edited, text)
		if unchanged && first {
			return profile.Change{}, file, nil
		}
		change, broken := e.readAgainst(edited, current)
		if broken == nil {
			return change, file, nil
		}
		if unchanged {
			f := fault.As(broken)
			canceled := f.Reworded("canceled; nothing was changed, because " + f.What)
			canceled.Kind = fault.Canceled
			return nil, file, canceled
		}
		text = draft.Explain(edited, broken)
	}
}

// readAgainst returns the change that makes the draft of the current profile.
func (e *edit) readAgainst(text []byte, current graph.Profile) (profile.Change, error) {
	d, err := draft.Read(e.schema, text)
	if err != nil {
		return nil, err
	}
	return d.Against(current.Values(), current.Property)
}

// editText writes the text to the file, opens the editor, and returns what the file
// holds afterwards. It also reports whether the editor waited for the user: one that
// returns at once and saves nothing has opened a window, in which the user is still
// writing.
func (e *edit) editText(ctx context.Context, file draftFile, text []byte) (edited []byte, waited bool, err error) {
	if err := file.write(text); err != nil {
		return nil, false, err
	}
	before, err := os.Stat(string(file))
	if err != nil {
		return nil, false, fmt.Errorf("read draft: %w", err)
	}
	editor := terminal.Editor{
		Getenv: e.Env.Getenv,
		In:     e.Env.Stdin,
		Stdout: e.Env.Stderr,
		Stderr: e.Env.Stderr,
	}
	if e.Facts.StdoutTTY {
		editor.Stdout = e.Env.Stdout // a full-screen editor needs the terminal, and no result is printed yet
	}
	start := time.Now()
	if err := editor.Open(ctx, string(file)); err != nil {
		if fault.As(err).Kind == fault.Usage {
			file.remove() // the editor did not start, so nothing was written
		}
		return nil, false, err
	}
	took := time.Since(start)
	after, err := os.Stat(string(file))
	if err == nil {
		edited, err = os.ReadFile(string(file))
	}
	if err != nil {
		return nil, false, fmt.Errorf("read draft: %w", err)
	}
	saved := !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size()
	return edited, saved || took >= editor.TooSoon(), nil
}

func errEditorDidNotWait() error {
	return &fault.Error{
		Kind: fault.Canceled,
		What: "the editor returned at once and saved nothing; it may still be open in a window",
		Fix:  "set EDITOR to a command that waits until the window is closed, for example `code --wait`",
	}
}

// keepDraft returns the error of an edit, with the place where the text of the user is
// kept.
func (e *edit) keepDraft(ctx context.Context, file draftFile, err error) error {
	if !command.Exists(string(file)) {
		return err
	}
	if errors.Is(context.Cause(ctx), command.ErrInterrupted) {
		e.Say("Your text is kept. Send it with %s.", e.resumeCommand(file))
		return err
	}
	f := fault.As(err)
	kept := f.Reworded(f.What)
	kept.Fix = e.Globals.Fix(f) + "; your text is kept, send it with " + e.resumeCommand(file)
	kept.Next, kept.Setting = fault.NoAction, ""
	return kept
}

// resumeCommand returns the command that sends a draft.
func (e *edit) resumeCommand(file draftFile) string {
	return "`" + e.Command("profilectl edit --from-file "+command.ShellQuoted(string(file))) + "`"
}
