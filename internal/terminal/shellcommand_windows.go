package terminal

import (
	"context"
	"os/exec"
	"syscall"
)

// editorCommand returns the command that opens a file in an editor, which is a command
// line of cmd, or notepad if it is empty.
func editorCommand(ctx context.Context, editor, path string) *exec.Cmd {
	if editor == "" {
		return exec.CommandContext(ctx, "notepad", path)
	}
	return cmd(exec.CommandContext(ctx, "cmd"), editor+` "`+path+`"`)
}

// pagerCommand returns the command of a pager, which is a command line of cmd.
func pagerCommand(command string) *exec.Cmd {
	return cmd(exec.Command("cmd"), command) //nolint:noctx // the user ends the pager
}

// cmd passes a command line to cmd as it is, because cmd does not undo the quoting of
// package os/exec. With /s, it removes the outer quotes only.
func cmd(c *exec.Cmd, line string) *exec.Cmd {
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /d /s /c "` + line + `"`}
	return c
}
