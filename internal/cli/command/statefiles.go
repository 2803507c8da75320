package command

import (
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/statefile"
)

// WriteFile writes a file of the state directory.
func WriteFile(path string, data []byte) error {
	if err := statefile.Write(path, data); err != nil {
		return StateFault(path, err)
	}
	return nil
}

// StateFault is the fault of a file or directory of the state that cannot be written.
func StateFault(path string, err error) error {
	what, fix := statefile.Explain("cannot write "+path, "make the directory writable", path, err)
	return &fault.Error{
		Kind: fault.Usage,
		What: what,
		Fix:  fix + ", or set PROFILECTL_STATE_DIR to another directory",
		Err:  err,
	}
}
