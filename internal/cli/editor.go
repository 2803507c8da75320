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
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/terminal"
)

// inEditor lets the person change a draft in their editor. One that breaks a
// rule is opened again with what is wrong above it; closing it as it is gives
// up, and leaves what was written in a file.
func (e *edit) inEditor(ctx context.Context) (change profile.Change, err error) {
	if err := e.readyToSend(ctx); err != nil {
		return nil, err
	}
	e.attended = true
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
	text := draft.Template(e.who.Username, e.before)
	for first := true; ; first = false {
		edited, err := e.editText(ctx, path, text)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(edited, text) && first {
			return profile.Change{}, nil
		}
		change, wrong := draft.Read(edited)
		if wrong == nil {
			return change, nil
		}
		if bytes.Equal(edited, text) {
			keep = true
			f := fault.As(wrong)
			return nil, &fault.Error{Kind: fault.Canceled, What: "left without a change, because " + f.What, Fix: f.Fix + "; then run `profilectl edit --from-file " + path + "`, where what was written is kept", Err: f}
		}
		text = draft.Explain(edited, wrong)
	}
}

// editText writes the text to a file, for its owner alone, and returns what the
// editor made of it.
func (e *edit) editText(ctx context.Context, path string, text []byte) ([]byte, error) {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("write draft: %w", err)
	}
	editor := terminal.Editor{GOOS: e.env.GOOS, Getenv: e.env.Getenv, In: e.env.Stdin, Stdout: e.env.Stderr, Stderr: e.env.Stderr}
	if e.facts.StdoutTTY {
		editor.Stdout = e.env.Stdout // a full-screen editor wants the terminal; a result is not on its way yet
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
