//go:build !windows

package terminal

import (
	"context"
	"os/exec"
)

// editorCommand returns the command that opens a file in an editor, which is a command
// line of the shell, or vi if it is empty.
func editorCommand(ctx context.Context, editor, path string) *exec.Cmd {
	if editor == "" {
		return exec.CommandContext(ctx, "vi", path)
	}
	return exec.CommandContext(ctx, "sh", "-c", editor+` "$@"`, editor, path)
}

// pagerCommand returns the command of a pager, which is a command line of the shell.
func pagerCommand(command string) *exec.Cmd {
	return exec.Command("sh", "-c", command) //nolint:noctx // the user ends the pager
}
