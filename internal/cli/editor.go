package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/profilectl/profilectl/internal/draft"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/graph"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// inEditor lets the user change a draft in their editor. A draft that breaks a
// rule is opened again with an explanation above it. If the user closes that
// without a change, the edit is canceled and the draft stays in a file.
func (e *edit) inEditor(ctx context.Context, current graph.Profile) (_ profile.Change, err error) {
	values := current.Values()
	dir, err := os.MkdirTemp("", "profilectl-")
	if err != nil {
		return nil, fmt.Errorf("make draft: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	path := filepath.Join(dir, "profile.yaml")
	text := draft.Template(e.account.Username, values)
	for first := true; ; first = false {
		edited, err := e.editText(ctx, path, text)
		if err != nil {
			return nil, err
		}
		unchanged := bytes.Equal(edited, text)
		if unchanged && first {
			return profile.Change{}, nil
		}
		change, broken := readAgainst(edited, current)
		if broken == nil {
			return change, nil
		}
		if unchanged {
			keep = true
			return nil, e.draftKept(path, broken)
		}
		text = draft.Explain(edited, broken)
	}
}

// readAgainst returns the change that makes the draft of the current profile.
func readAgainst(text []byte, current graph.Profile) (profile.Change, error) {
	d, err := draft.Read(text)
	if err != nil {
		return nil, err
	}
	return d.Against(current.Values(), current.Property)
}

// draftKept is the fault of an edit that was canceled with a broken draft.
func (e *edit) draftKept(path string, broken error) error {
	f := fault.As(broken)
	resume := e.command("profilectl edit --from-file " + shellQuoted(path))
	return &fault.Error{
		Kind: fault.Canceled,
		What: "canceled; nothing was changed, because " + f.What,
		Fix:  f.Fix + "; your text is kept: correct it and run `" + resume + "`",
		Err:  f,
	}
}

// editText writes the text to a file that only its owner can read, opens the
// editor, and returns what the file holds afterwards.
func (e *edit) editText(ctx context.Context, path string, text []byte) ([]byte, error) {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("write draft: %w", err)
	}
	editor := terminal.Editor{
		GOOS:   e.env.GOOS,
		Getenv: e.env.Getenv,
		In:     e.env.Stdin,
		Stdout: e.env.Stderr,
		Stderr: e.env.Stderr,
	}
	if e.facts.StdoutTTY {
		editor.Stdout = e.env.Stdout // a full-screen editor needs the terminal, and no result is printed yet
	}
	if err := editor.Open(ctx, path); err != nil {
		return nil, err
	}
	edited, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	return edited, nil
}
