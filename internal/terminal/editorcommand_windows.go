package terminal

import (
	"context"
	"os/exec"
	"syscall"
)

// editorCommand returns the command that opens a file in an editor, which is a command
// line of cmd, or notepad if it is empty. The command line is passed as it is: cmd does
// not undo the quoting of package os/exec. With /s, cmd removes the outer quotes only.
func editorCommand(ctx context.Context, editor, path string) *exec.Cmd {
	if editor == "" {
		return exec.CommandContext(ctx, "notepad", path)
	}
	c := exec.CommandContext(ctx, "cmd")
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /d /s /c "` + editor + ` "` + path + `""`}
	return c
}
