package command

import (
	"github.com/profilectl/profilectl/internal/statefile"
)

// WriteFile writes a file of the state directory.
func WriteFile(path string, data []byte) error {
	if err := statefile.Write(path, data); err != nil {
		return statefile.WriteFault(path, err)
	}
	return nil
}
